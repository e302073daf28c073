"""When codes arrive: F, the share of rentals whose code has come by an age, and its integral."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

# Ages in seconds between which the chance of a code's coming is taken as even.
EDGES: Final = (
    *(0, 2, 4, 6, 8, 10, 12, 15, 18, 21, 25, 30, 35, 40, 50, 60, 75, 90, 120, 150, 180),
    *(240, 300, 360, 420, 480, 600, 900, 1200, 1800),
)
BINS: Final = len(EDGES) - 1
LEAST_HAZARD: Final = 2e-5  # a second: nothing is ever taken as impossible
FINEST: Final = 0.5  # seconds

# Before anything is known of a service: half of the codes within 25 s, 95 % within three minutes,
# and seven rentals of ten that ever get one.
MEDIAN: Final = 25.0
P95: Final = 180.0
SHARE: Final = 0.7
_SIGMAS_TO_P95: Final = 1.6448536


@dataclass(frozen=True)
class Curve:
    """The hazard in each bin: the chance that a code comes in the next second, if none has."""

    hazards: tuple[float, ...]

    def arrived(self, age: float) -> float:
        """F: the share of rentals whose code has come by this age, of all."""
        return self._at(self._shares, age)

    def area(self, age: float) -> float:
        """Φ, the integral of F from 0 to this age."""
        if age >= EDGES[-1]:
            return self._areas[-1] + (age - EDGES[-1]) * self._shares[-1]
        index = int(max(age, 0.0) / FINEST)
        sides = self._shares[index] + self.arrived(age)
        return self._areas[index] + sides / 2 * (age - index * FINEST)

    def hazard(self, age: float) -> float:
        """The chance in the next second, where none has come."""
        place = min(max(age, 0.0), EDGES[-1] - 1) / FINEST
        shares, index = self._shares, int(place)
        return (shares[index + 1] - shares[index]) / FINEST / (1 - shares[index])

    def thinned(self, share: float) -> "Curve":
        """The curve of those codes that nothing else tells of: this share of all."""
        if share >= 1:
            return self
        hazards = []
        for start, end in pairwise(EDGES):
            left = 1 - share * self.arrived(start)
            came = share * (self.arrived(end) - self.arrived(start))
            hazards.append(-math.log(1 - came / left) / (end - start))
        return Curve(tuple(hazards))

    def _at(self, values: list[float], age: float) -> float:
        place = age / FINEST
        if place <= 0:
            return values[0]
        if place >= len(values) - 1:
            return values[-1]
        index = int(place)
        return values[index] + (values[index + 1] - values[index]) * (place - index)

    @cached_property
    def _shares(self) -> list[float]:
        shares, risk = [0.0], 0.0
        for (start, end), hazard in zip(pairwise(EDGES), self.hazards, strict=True):
            for _ in range(round((end - start) / FINEST)):
                risk += hazard * FINEST
                shares.append(1 - math.exp(-risk))
        return shares

    @cached_property
    def _areas(self) -> list[float]:
        areas = [0.0]
        for earlier, later in pairwise(self._shares):
            areas.append(areas[-1] + (earlier + later) / 2 * FINEST)
        return areas


def lognormal(*, median: float = MEDIAN, p95: float = P95, share: float = SHARE) -> Curve:
    """The curve of lognormal arrival times, of which a `share` of rentals has one at all."""
    sigma = math.log(p95 / median) / _SIGMAS_TO_P95

    def arrived(age: float) -> float:
        if age <= 0:
            return 0.0
        return share * 0.5 * math.erfc(-math.log(age / median) / sigma / math.sqrt(2))

    return from_shares([arrived(edge) for edge in EDGES])


def from_shares(shares: Sequence[float]) -> Curve:
    """The curve that has these values of F at EDGES."""
    hazards = [
        math.log((1 - earlier) / (1 - later)) / (end - start)
        for (start, end), (earlier, later) in zip(pairwise(EDGES), pairwise(shares), strict=True)
    ]
    return Curve(tuple(max(LEAST_HAZARD, hazard) for hazard in hazards))


PRIOR: Final = lognormal()
