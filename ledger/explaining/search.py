"""The search for all the ways in which items can have made a change, up to what is alike.

Amounts are counted in the book's smallest unit. Items of one amount are grouped, and only how
many of a group happened is counted: the sums that are reachable from above and below are kept in
a table, so that many items of a few prices cost little. Items whose amount is not known are
tried in combinations, each of which leaves an interval for the sum of the others.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ledger.explaining.items import Ambiguous, Explained, Item, Part, Parts, Result, Unexplained

UNIT: Final = Decimal("0.0001")  # of the book
HANDFUL: Final = 5  # explanations that are worth showing to a person
SUMS: Final = 20_000  # different sums, and steps, beyond which it is too many to tell
STEPS: Final = 100_000
UNKNOWNS: Final = 200  # amounts that are not known, each in its own way


class TooMany(Exception):
    """Beyond the bound: nothing is guessed."""


def explain(change: Decimal, items: Sequence[Item]) -> Result:
    """Whether the items can have made exactly `change`, and whether in one way only.

    Two ways are the same where they differ in items that are alike, or in what is passing.
    """
    try:
        found = _Search(change, items).run()
    except TooMany:
        return Ambiguous()
    if not found.ways:
        return Unexplained()
    if found.is_loose or len(found.ways) > 1:
        return Ambiguous(tuple(found.ways))
    return Explained(next(iter(found.ways)))


@dataclass(frozen=True, slots=True)
class _Group:
    """Items that are alike, oldest first; amounts in units."""

    ids: tuple[str, ...]
    low: int
    high: int
    is_passing: bool


@dataclass(slots=True)
class _Found:
    ways: dict[Parts, None]
    is_loose: bool = False  # a sum is known that can be divided in more than one way


type _Counts = tuple[int, ...]
type _Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Choice:
    """How many of each group of unknown amounts happened, and between what their sums lie."""

    counts: _Counts
    lasting: _Span
    passing: _Span


class _Search:
    def __init__(self, change: Decimal, items: Sequence[Item]) -> None:
        groups = _grouped(items)
        self.target = in_units(change)
        exact = [group for group in groups if group.low == group.high]
        self.exact = [group for group in exact if not group.is_passing]
        self.passing = [group for group in exact if group.is_passing]
        self.ranges = [group for group in groups if group.low != group.high]
        self.steps = 0
        self.found = _Found({})
        if len(self.ranges) > UNKNOWNS:
            raise TooMany

    def run(self) -> _Found:
        sums = _sums(self.exact, self._left_for(self.exact))
        passing = sorted(_sums(self.passing, self._left_for(self.passing)))
        ordered = sorted(sums)
        if not ordered or not passing:
            return self.found
        need = (
            self.target - ordered[-1] - passing[-1],
            self.target - ordered[0] - passing[0],
        )
        for choice in self._choices(need):
            for under_way in passing:
                self._step()
                if self._take(choice, self.target - under_way, sums, ordered):
                    return self.found
        return self.found

    def _left_for(self, groups: list[_Group]) -> _Span:
        """Between what the sum of these groups must lie, whatever the others did."""
        others = [
            group for group in (*self.exact, *self.passing, *self.ranges) if group not in groups
        ]
        low, high = _reach(others)
        return self.target - high, self.target - low

    def _choices(self, need: _Span) -> Iterator[_Choice]:
        """The combinations of unknown amounts whose sum can come to lie within `need`."""
        rest = [_reach(self.ranges[place:]) for place in range(len(self.ranges) + 1)]

        def walk(place: int, counts: _Counts, low: int, high: int) -> Iterator[_Counts]:
            self._step()
            if low + rest[place][0] > need[1] or high + rest[place][1] < need[0]:
                return
            if place == len(self.ranges):
                yield counts
                return
            group = self.ranges[place]
            for count in range(len(group.ids) + 1):
                yield from walk(
                    place + 1, (*counts, count), low + count * group.low, high + count * group.high
                )

        for counts in walk(0, (), 0, 0):
            yield _Choice(counts, self._span(counts, False), self._span(counts, True))

    def _span(self, counts: _Counts, is_passing: bool) -> _Span:
        chosen = [
            (group, count)
            for group, count in zip(self.ranges, counts, strict=True)
            if group.is_passing == is_passing
        ]
        return sum(g.low * n for g, n in chosen), sum(g.high * n for g, n in chosen)

    def _take(
        self, choice: _Choice, left: int, sums: dict[int, list[_Counts]], ordered: list[int]
    ) -> bool:
        """Note the ways to make `left` with this choice; whether that is all one needs to know."""
        low = choice.lasting[0] + choice.passing[0]
        high = choice.lasting[1] + choice.passing[1]
        start, end = bisect_left(ordered, left - high), bisect_right(ordered, left - low)
        for known in ordered[start:end]:
            self._step()
            for counts in sums[known]:
                self._note(counts, choice, left - known)
                if len(self.found.ways) >= HANDFUL:
                    return True
        return False

    def _note(self, counts: _Counts, choice: _Choice, unknown: int) -> None:
        """A way: `counts` of the groups of one amount, and `unknown` for the choice."""
        low = max(choice.lasting[0], unknown - choice.passing[1])
        high = min(choice.lasting[1], unknown - choice.passing[0])
        parts = list(_exact_parts(self.exact, counts))
        chosen = [
            (group, count)
            for group, count in zip(self.ranges, choice.counts, strict=True)
            if count and not group.is_passing
        ]
        if sum(count for _, count in chosen) == 1 and low == high:
            parts.append(Part(chosen[0][0].ids[0], in_money(low)))
        elif chosen and low == high and low in choice.lasting:
            parts += _at_the_edge(chosen, is_low=low == choice.lasting[0])
        elif chosen:
            self.found.is_loose = True
            parts += [Part(name, None) for group, count in chosen for name in group.ids[:count]]
        self.found.ways[tuple(parts)] = None

    def _step(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise TooMany


def _exact_parts(groups: Iterable[_Group], counts: _Counts) -> Iterator[Part]:
    for group, count in zip(groups, counts, strict=True):
        for name in group.ids[:count]:
            yield Part(name, in_money(group.low))


def _at_the_edge(chosen: list[tuple[_Group, int]], *, is_low: bool) -> list[Part]:
    """Several unknown amounts whose sum leaves each no choice."""
    return [
        Part(name, in_money(group.low if is_low else group.high))
        for group, count in chosen
        for name in group.ids[:count]
    ]


def _grouped(items: Iterable[Item]) -> list[_Group]:
    alike: dict[tuple[str, int, int, bool], list[str]] = {}
    for item in items:
        low, high = in_units(item.low), in_units(item.high)
        if low > high:
            raise ValueError(f"{item.id} can't have moved {item.low} to {item.high}")
        alike.setdefault((item.kind, low, high, item.is_passing), []).append(item.id)
    return [
        _Group(tuple(ids), low, high, is_passing)
        for (_, low, high, is_passing), ids in alike.items()
    ]


def _reach(groups: Iterable[_Group]) -> _Span:
    """The smallest and the largest sum that any of the items can make."""
    low = high = 0
    for group in groups:
        low += min(0, group.low) * len(group.ids)
        high += max(0, group.high) * len(group.ids)
    return low, high


def _sums(groups: Sequence[_Group], within: _Span) -> dict[int, list[_Counts]]:
    """The sums within reach of `within`, each with some of the ways to make it."""
    sums: dict[int, list[_Counts]] = {0: [()]}
    for place, group in enumerate(groups):
        least, most = _reach(groups[place + 1 :])
        wider: dict[int, list[_Counts]] = {}
        for known, ways in sums.items():
            for count in range(len(group.ids) + 1):
                reached = known + count * group.low
                if reached + least > within[1] or reached + most < within[0]:
                    continue
                kept = wider.setdefault(reached, [])
                kept += [(*way, count) for way in ways[: HANDFUL - len(kept)]]
        if len(wider) > SUMS:
            raise TooMany
        sums = wider
    return {known: ways for known, ways in sums.items() if within[0] <= known <= within[1]}


def in_units(amount: Decimal) -> int:
    units = amount / UNIT
    if units != units.to_integral_value():
        raise ValueError(f"{amount} is finer than the book")
    return int(units)


def in_money(units: int) -> Decimal:
    return units * UNIT
