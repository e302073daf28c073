"""Curves out of counts: each kind of rental leans on the next wider one where it has few.

The kinds: all rentals of a provider, those of a service, of a carrier too, and of an area code
too. The prior stands above them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from rentals.pacing.curves import BINS, EDGES, LEAST_HAZARD, PRIOR, Curve

# A wider kind speaks with the weight of so many rentals in each narrower one.
LEANS: Final = 20.0

Kind = tuple[str, ...]  # provider, service, carrier, area code: the first one to four


@dataclass(slots=True)
class Counts:
    """Codes that came in each bin, and the seconds that were waited in it."""

    came: list[float] = field(default_factory=lambda: [0.0] * BINS)
    waited: list[float] = field(default_factory=lambda: [0.0] * BINS)

    def add(self, other: "Counts") -> None:
        self.came = [a + b for a, b in zip(self.came, other.came, strict=True)]
        self.waited = [a + b for a, b in zip(self.waited, other.waited, strict=True)]

    def observe(self, *, until: float, came_after: float | None = None) -> None:
        """Count one rental, which was watched to the age `until`.

        Where a code came, `until` is when it was there at the latest and `came_after` when it
        surely wasn't: it is spread evenly over the time between. Without one the rental tells
        only that nothing came until then.
        """
        if came_after is None:
            self._wait(until)
            return
        since = min(max(0.0, came_after), until)
        self._wait((since + until) / 2)
        for index, (start, end) in enumerate(pairwise(EDGES)):
            self.came[index] += _part(since, until, start, end)

    def _wait(self, until: float) -> None:
        for index, (start, end) in enumerate(pairwise(EDGES)):
            if until <= start:
                return
            self.waited[index] += min(until, end) - start


def _part(since: float, until: float, start: float, end: float) -> float:
    """The part of an interval that lies in a bin; a moment lies in the bin that begins there."""
    if until > since:
        return max(0.0, min(until, end) - max(since, start)) / (until - since)
    return 1.0 if start <= since < end else 0.0


def curve_of(counts: Sequence[Counts | None]) -> Curve:
    """The curve by the counts of a kind and of the wider ones, the widest first."""
    curve = PRIOR
    for each in counts:
        if each is not None:
            curve = _leaning(each, curve)
    return curve


def _leaning(counts: Counts, wider: Curve) -> Curve:
    """Each bin's hazard, as if LEANS more rentals had gone as the wider curve says."""
    hazards = []
    for index, (start, end) in enumerate(pairwise(EDGES)):
        borrowed = LEANS * (end - start) * (1 - wider.arrived(start))
        came = counts.came[index] + borrowed * wider.hazards[index]
        hazards.append(max(LEAST_HAZARD, came / (counts.waited[index] + borrowed)))
    return Curve(tuple(hazards))


class Curves:
    """Every curve that the counts give, made when first asked for."""

    def __init__(self, counts: Mapping[Kind, Counts]) -> None:
        self._counts: dict[Kind, Counts] = {}
        self._made: dict[Kind, Curve] = {}
        for kind, each in counts.items():
            for length in range(1, len(kind) + 1):
                self._counts.setdefault(kind[:length], Counts()).add(each)

    def of(self, kind: Kind) -> Curve:
        """The curve of a kind, by it and the wider ones; the prior where nothing is known."""
        known = kind
        while known and known not in self._counts:
            known = known[:-1]
        if known not in self._made:
            wider = [known[:length] for length in range(1, len(known) + 1)]
            self._made[known] = curve_of([self._counts[each] for each in wider])
        return self._made[known]


def missed_share(hooked: Iterable[bool]) -> float:
    """The share of codes that no webhook tells of, by the latest ones, newest first.

    Without any it is all of them; three in a row without a webhook mean that none come now.
    """
    seen = list(hooked)
    if not any(seen[:3]):
        return 1.0
    return (seen.count(False) + 2) / (len(seen) + 2)
