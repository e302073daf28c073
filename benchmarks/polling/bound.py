"""The least delay that any plan of looks can have which knows the distribution.

A rental is looked at by itself, without limits on when; only the expected number of looks before
the last is given. The last look costs nothing, as it is taken in any case. By Lagrange: for each
price of a look the best plan is found exactly, backwards over ages of one second; between the
prices the hull of what they give.
"""

import math
from functools import cache
from itertools import pairwise
from typing import Final

from benchmarks.polling.world import LEAD, Arrivals

PRICES: Final = tuple(0.01 * 1.8**step for step in range(19))
FARTHEST: Final = 400  # seconds between two looks that are considered


def least_delay(arrivals: Arrivals, ttls: tuple[float, ...], looks: float) -> float:
    """Mean seconds from a code's arrival to the look that finds it, at `looks` a rental."""
    hull = _hull(arrivals, ttls)
    for (more, short), (fewer, long) in pairwise(hull):
        if fewer <= looks <= more:
            part = (looks - fewer) / (more - fewer)
            return long + (short - long) * part
    return hull[0][1] if looks > hull[0][0] else hull[-1][1]


@cache
def _hull(arrivals: Arrivals, ttls: tuple[float, ...]) -> list[tuple[float, float]]:
    """Looks a rental and delay a code, from many looks to few."""
    found = []
    for price in PRICES:
        plans = [_best(arrivals, int(ttl - LEAD), price) for ttl in ttls]
        looks = sum(plan[0] for plan in plans) / len(plans)
        waited = sum(plan[1] for plan in plans) / sum(plan[2] for plan in plans)
        found.append((looks, waited))
    return found


def _best(arrivals: Arrivals, last: int, price: float) -> tuple[float, float, float]:
    """Looks, seconds waited and codes, each expected per rental, under the best plan."""
    shares = [_arrived(arrivals, age) for age in range(last + 1)]
    areas = [0.0]
    for earlier, later in pairwise(shares):
        areas.append(areas[-1] + (earlier + later) / 2)
    cost, looks, waited = ([0.0] * (last + 1) for _ in range(3))
    for seen in range(last - 1, -1, -1):
        here, left = shares[seen], 1 - shares[seen]
        best, choice = math.inf, seen + 1
        for age in (*range(seen + 1, min(last, seen + FARTHEST)), last):
            total = areas[age] - areas[seen] - (age - seen) * here + cost[age]
            total += price * left if age < last else 0.0
            if total < best:
                best, choice = total, age
        cost[seen] = best
        looks[seen] = looks[choice] + (left if choice < last else 0.0)
        gathered = areas[choice] - areas[seen] - (choice - seen) * here
        waited[seen] = waited[choice] + gathered
    return looks[0], waited[0], shares[last]


def _arrived(arrivals: Arrivals, age: float) -> float:
    if age <= 0:
        return 0.0
    sigma = math.log(arrivals.p95 / arrivals.median) / 1.6448536
    return arrivals.share * 0.5 * math.erfc(-math.log(age / arrivals.median) / sigma / math.sqrt(2))
