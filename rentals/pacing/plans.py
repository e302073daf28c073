"""When to look at a rental, from its start to its end, at a price: the plan that costs least.

Costs are seconds of delay and the price of each look. The look at the end costs nothing, as it is
taken in any case. To take each look when it is worth its price by itself would come too late
where a rental gets few, as the last of them often falls just before its end: up to 40 % more
delay at two looks a rental.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rentals.pacing.curves import EDGES, Curve
from rentals.pacing.worth import SHORTEST, worth_asking_at

EVEN_UNTIL: Final = 60.0  # seconds: up to this age looks may be SHORTEST apart
WIDENS: Final = 1.05  # beyond it, by how much an age at which to look is above the one before
PRICE_STEP: Final = 1.1  # plans are made for prices so far apart
END_STEP: Final = 5.0  # seconds: and for ends so far apart
FARTHEST: Final = float(EDGES[-1])  # ages beyond it are the same to a curve, and not planned

# At few looks a rental a plan jumps from one look to two at some price, for all rentals at once.
# So prices differ between them by so much either way, and what is left over is spent as well.
SPREAD: Final = 1.25
GOLDEN: Final = (math.sqrt(5) - 1) / 2  # its multiples lie evenly, whatever the keys


@dataclass(frozen=True, slots=True)
class Plan:
    """For each of the ages at which a look may have found nothing: the next, and how many more."""

    ages: tuple[float, ...]
    nexts: tuple[float, ...]
    looks: tuple[float, ...]  # expected before the last one, if nothing has come by then

    def place(self, seen: float) -> int:
        """The index of the age that is nearest."""
        above = min(bisect_left(self.ages, seen), len(self.ages) - 1)
        if above and self.ages[above] - seen > seen - self.ages[above - 1]:
            return above - 1
        return above


def asking_at(curve: Curve, seen: float, price: float, last: float) -> float:
    """The age at which to look next, after one at `seen` that found nothing; all in seconds.

    `last` is the age at the end.
    """
    if last > FARTHEST:
        return min(worth_asking_at(curve, seen, price), last)
    found = plan(curve, price, last)
    return max(found.nexts[found.place(seen)], seen + SHORTEST)


def looks_to_come(curve: Curve, seen: float, price: float, last: float) -> float:
    """How many looks are expected before the last one, after one at `seen` that found nothing."""
    found = plan(curve, price, min(last, FARTHEST))
    return found.looks[found.place(seen)]


def looks_within(
    curve: Curve, seen: float, span: tuple[float, float], price: float, last: float
) -> float:
    """How many looks before the last are expected at the ages of a span, or are overdue at it."""
    begins, ends = span
    looks, age = 0.0, asking_at(curve, seen, price, last)
    waiting = 1 - curve.arrived(seen)
    while age < min(ends, last - SHORTEST):
        looks += (1 - curve.arrived(seen)) / waiting
        seen = max(age, begins)
        age = asking_at(curve, seen, price, last)
    return looks


def own_price(price: float, key: int) -> float:
    """What counts as the price for this rental."""
    return price * math.pow(SPREAD, 2 * (key * GOLDEN % 1) - 1)


def usual_looks(curve: Curve, price: float, last: float) -> float:
    """How many looks a new rental takes before its last one, on average."""
    prices = [own_price(price, key) for key in range(5)]
    return sum(looks_to_come(curve, 0.0, each, last) for each in prices) / len(prices)


def plan(curve: Curve, price: float, last: float) -> Plan:
    """The best plan at about this price, for about this end."""
    step = round(math.log(price) / math.log(PRICE_STEP))
    return _plan(curve, step, max(SHORTEST, round(last / END_STEP) * END_STEP))


@lru_cache(maxsize=2048)
def _plan(curve: Curve, step: int, last: float) -> Plan:
    """Backwards from the end: what is best after a look depends only on what comes later."""
    price, ages = PRICE_STEP**step, _ages(last)
    shares, areas = [curve.arrived(age) for age in ages], [curve.area(age) for age in ages]
    end = len(ages) - 1
    costs, looks, nexts = [0.0] * (end + 1), [0.0] * (end + 1), [end] * (end + 1)
    for seen in range(end - 1, -1, -1):
        share, least = shares[seen], math.inf
        fixed = price * (1 - share) - areas[seen] + ages[seen] * share
        # After a later look the next one never comes sooner.
        for age in range(seen + 1, nexts[seen + 1] + 1):
            cost = areas[age] - ages[age] * share + costs[age] + fixed
            if age == end:
                cost -= price * (1 - share)
            if cost < least:
                least, nexts[seen] = cost, age
        costs[seen] = least
        if nexts[seen] < end:
            came = (shares[nexts[seen]] - share) / (1 - share)
            looks[seen] = 1 + (1 - came) * looks[nexts[seen]]
    return Plan(ages, tuple(ages[each] for each in nexts), tuple(looks))


def _ages(last: float) -> tuple[float, ...]:
    ages = [0.0]
    while ages[-1] < last:
        ages.append(max(ages[-1] + SHORTEST, ages[-1] * (WIDENS if ages[-1] >= EVEN_UNTIL else 0)))
    return (*ages[:-1], last)
