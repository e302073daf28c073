"""Times to a code, counted in bins: what is told of them is as fine as a bin."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

# Seconds at which one bin ends and the next begins; the last bin has no end.
EDGES: Final = (
    5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150, 180, 240, 300, 420, 600, 900, 1200, 1800,
    3600,
)  # fmt: skip
BINS: Final = len(EDGES) + 1
NO_CODE: Final = -1


def median(came: Sequence[int]) -> float | None:
    """Seconds by which half of the codes had come, None where none came.

    Inside its bin they are taken to have come evenly; of the last the beginning is told.
    """
    half = sum(came) / 2
    if not half:
        return None
    for place, until in enumerate(accumulate(came)):
        if until >= half and came[place]:
            low = EDGES[place - 1] if place else 0
            if place == len(EDGES):
                return float(low)
            inside = (half - (until - came[place])) / came[place]
            return low + (EDGES[place] - low) * inside
    return None
