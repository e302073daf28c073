"""What a request is worth asking at: the price rises as limits and demand tighten.

A price is in seconds: the expected delay that a look must clear to be worth its request.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rentals.pacing.curves import Curve
from rentals.pacing.demand import A_CANCEL, Demand
from rentals.pacing.worth import looks_a_rental

# Where nothing is scarce: some 40 looks at a rental, every 2 s while codes come in thickest.
CHEAPEST: Final = 0.02
DEAREST: Final = 1000.0  # seconds: nothing but last looks


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What the rentals that wait now still want, as if they were so many new ones."""

    looking: float  # by their looks
    cancels: float  # by the cancels of those that stay empty


def price_by_rate(hazards: Iterable[float], rate: float) -> float:
    """The price at which these rentals are asked for `rate` times a second, all together.

    A rental with hazard h gathers h τ² / 2 within τ seconds, so at price p it is asked for every
    √(2 p / h) seconds; the sum of √(h / 2 p) over the rentals is the rate.
    """
    if rate <= 0:
        return DEAREST
    thirst = sum(math.sqrt(hazard) for hazard in hazards)
    return _within_bounds((thirst / rate) ** 2 / 2)


def price_by_looks(curve: Curve, looks: float, last: float) -> float:
    """The price at which a rental is looked at so often, before its last look at age `last`."""
    if looks <= 0:
        return DEAREST
    prices, counts = _price_list(curve, round(last / 10) * 10.0)
    for (dear, few), (cheap, many) in zip(
        zip(prices, counts, strict=True), zip(prices[1:], counts[1:], strict=True), strict=False
    ):
        if looks <= many:
            part = (looks - few) / (many - few) if many > few else 1.0
            return _within_bounds(dear * (cheap / dear) ** max(0.0, part))
    return CHEAPEST


@lru_cache(maxsize=256)
def _price_list(curve: Curve, last: float) -> tuple[list[float], list[float]]:
    """Prices from dear to cheap, and the looks that a rental takes at each: never fewer."""
    prices = [DEAREST]
    while prices[-1] > CHEAPEST:
        prices.append(max(CHEAPEST, prices[-1] / 1.5))
    counts: list[float] = []
    for price in prices:
        looks = looks_a_rental(curve, price, last)
        counts.append(max(looks, counts[-1] if counts else 0.0))
    return prices, counts


def affordable_looks(
    left: Sequence[tuple[int, int]], demand: Demand, *, under_way: UnderWay, empty_share: float
) -> float:
    """How many looks each rental may have, from start to end, so that the day's requests last.

    `left[i]`: requests that may be spent within i + 1 hours, by everybody and by polls, by what
    is left and what comes free. `empty_share` of the rentals to come end in a cancel.
    """
    each = 1 + A_CANCEL * empty_share
    looks = math.inf
    for (all_left, polls_left), rentals in zip(left, demand.within(), strict=True):
        errands = rentals * each + under_way.cancels * A_CANCEL
        looking = rentals + under_way.looking
        if looking > 0:
            looks = min(looks, min(all_left - errands, polls_left) / looking)
    return max(0.0, looks)


def _within_bounds(price: float) -> float:
    return min(max(price, CHEAPEST), DEAREST)
