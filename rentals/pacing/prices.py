"""What a request is worth asking at: the price rises as limits and demand tighten.

A price is in seconds: the expected delay that a look must clear to be worth its request.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

from rentals.pacing.plans import PRICE_STEP

# Where nothing is scarce: some 40 looks at a rental, every 2 s while codes come in thickest.
CHEAPEST: Final = 0.02
DEAREST: Final = 1000.0  # seconds: nothing but last looks
PRICES: Final = tuple(
    min(CHEAPEST * PRICE_STEP**step, DEAREST)
    for step in range(math.ceil(math.log(DEAREST / CHEAPEST) / math.log(PRICE_STEP)) + 1)
)


def price_by_rate(hazards: Iterable[float], rate: float) -> float:
    """The price at which these rentals are asked for `rate` times a second, all together.

    A rental with hazard h gathers h τ² / 2 within τ seconds, so at price p it is asked for every
    √(2 p / h) seconds; the sum of √(h / 2 p) over the rentals is the rate.
    """
    if rate <= 0:
        return DEAREST
    thirst = sum(math.sqrt(hazard) for hazard in hazards)
    return _within_bounds((thirst / rate) ** 2 / 2)


def lowest_price(is_met: Callable[[float], bool]) -> float:
    """The lowest price at which a condition is met that is met at every higher one, too."""
    return PRICES[bisect_left(PRICES, True, hi=len(PRICES) - 1, key=is_met)]


def _within_bounds(price: float) -> float:
    return min(max(price, CHEAPEST), DEAREST)
