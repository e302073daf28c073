"""What a look is worth, in seconds of delay, and when it is worth its price."""

from typing import Final

from rentals.pacing.curves import Curve

SHORTEST: Final = 2.0  # seconds between two looks at a rental: both providers name 2 to 3
FARTHEST: Final = 4 * 3600.0  # seconds that are looked ahead


def expected_delay(curve: Curve, seen: float, age: float) -> float:
    """G: the delay that an unseen code is expected to have gathered by now.

    `seen` is the age at the last look, which found nothing.
    G = [Φ(t) - Φ(s) - (t - s) F(s)] / (1 - F(s)).
    """
    before = curve.arrived(seen)
    gathered = curve.area(age) - curve.area(seen) - (age - seen) * before
    return max(0.0, gathered) / (1 - before)


def worth(curve: Curve, seen: float, age: float) -> float:
    """The price up to which a look now is worth its request: G over the chance of finding nothing.

    A look that finds the code is the rental's last, and saves those that would have followed, so
    what counts against it is a request only as likely as it finds nothing. Against the best that
    can be done, this waits 2 % longer at two looks a rental, where G alone waits 24 % longer.
    """
    before = curve.arrived(seen)
    nothing = (1 - curve.arrived(age)) / (1 - before)
    return expected_delay(curve, seen, age) / nothing


def worth_asking_at(curve: Curve, seen: float, price: float) -> float:
    """The age at which a look becomes worth `price`: from SHORTEST after `seen` to FARTHEST."""
    early = late = seen + SHORTEST
    reach = SHORTEST
    while worth(curve, seen, late) < price:
        if reach >= FARTHEST:
            return late
        reach *= 2
        early, late = late, seen + reach
    while late - early > 0.1:
        middle = (early + late) / 2
        if worth(curve, seen, middle) < price:
            early = middle
        else:
            late = middle
    return late
