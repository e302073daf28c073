"""The steps of a balance from reading to reading, all explained together.

Each item happens once, in one of the steps after it was opened. What one step alone leaves open
is often told by the others: an item that one of them needs is not left for another. Every way
through all the steps is followed; a step is decided where all of them say the same of it. Items
that are alike are only counted.

A step that no way gets through was moved by something else, and is passed over: what is open may
have happened in it too, which only leaves fewer items for the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from ledger.explaining.items import Item, Part
from ledger.explaining.search import TooMany, in_money, in_units

WORK: Final = 60_000  # ways that are looked at before it is too many to tell

type Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What moved between two quiet readings, the later of them at `at`.

    `is_told`: something was booked meanwhile that had happened before, so `amount` says nothing.
    """

    amount: Decimal
    at: datetime
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Dated:
    """An item that is open since then. `is_booked`: that it happened is in the book already."""

    item: Item
    since: datetime
    is_booked: bool = False


@dataclass(frozen=True, slots=True)
class Alike:
    """Items that are interchangeable, oldest first; amounts in units."""

    members: tuple[Dated, ...]
    low: int
    high: int

    def open_by(self, moment: datetime) -> int:
        return sum(each.since <= moment for each in self.members)


@dataclass(frozen=True, slots=True)
class Followed:
    """`ways`: for each step, how many of each group can have happened in it; none for a step that
    was passed over."""

    steps: Sequence[Step]
    groups: Sequence[Alike]
    ways: Sequence[frozenset[Counts]]

    def missed(self, place: int) -> bool:
        return not self.ways[place]

    def decided(self, place: int) -> Counts | None:
        """What happened in a step, where there is one way only."""
        ways = self.ways[place]
        return next(iter(ways)) if len(ways) == 1 else None


def follow(steps: Sequence[Step], items: Sequence[Dated]) -> Followed:
    """All the ways through all the steps. Raises TooMany."""
    groups = alike(items)
    budget = _Budget()
    states: set[Counts] = {(0,) * len(groups)}
    layers: list[dict[Counts, list[tuple[Counts, Counts]]]] = []
    for step in steps:
        layer: dict[Counts, list[tuple[Counts, Counts]]] = {}
        if not step.is_told:
            most = [group.open_by(step.at) for group in groups]
            for state in states:
                room = [limit - used for limit, used in zip(most, state, strict=True)]
                for way in _ways(in_units(step.amount), groups, room, budget):
                    after = tuple(map(sum, zip(state, way, strict=True)))
                    layer.setdefault(after, []).append((state, way))
        states = set(layer) or states
        layers.append(layer)
    return Followed(steps, groups, _surviving(layers, states))


def _surviving(
    layers: list[dict[Counts, list[tuple[Counts, Counts]]]], ends: set[Counts]
) -> list[frozenset[Counts]]:
    """What each step was on the ways that get through to the end."""
    found: list[frozenset[Counts]] = []
    for layer in reversed(layers):
        if layer:
            edges = [edge for end in ends for edge in layer[end]]
            ends = {before for before, _ in edges}
            found.append(frozenset(way for _, way in edges))
        else:
            found.append(frozenset())
    return found[::-1]


def alike(items: Sequence[Dated]) -> list[Alike]:
    found: dict[tuple[str, int, int], list[Dated]] = {}
    for each in sorted(items, key=lambda each: each.since):
        key = (each.item.kind, in_units(each.item.low), in_units(each.item.high))
        found.setdefault(key, []).append(each)
    return [Alike(tuple(members), low, high) for (_, low, high), members in found.items()]


class _Budget:
    def __init__(self) -> None:
        self._left = WORK

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooMany


def _ways(
    target: int, groups: Sequence[Alike], room: Sequence[int], budget: _Budget
) -> Iterator[Counts]:
    """How many of each group can make exactly `target`."""
    reach = [(0, 0)]
    for group, most in zip(reversed(groups), reversed(room), strict=True):
        low, high = reach[-1]
        reach.append((low + min(0, group.low) * most, high + max(0, group.high) * most))
    reach.reverse()

    def walk(place: int, low: int, high: int, way: Counts) -> Iterator[Counts]:
        budget.spend()
        if low + reach[place][0] > target or high + reach[place][1] < target:
            return
        if place == len(groups):
            yield way
            return
        group = groups[place]
        for count in range(room[place] + 1):
            if group.low > 0 and low + count * group.low + reach[place + 1][0] > target:
                return
            yield from walk(
                place + 1, low + count * group.low, high + count * group.high, (*way, count)
            )

    yield from walk(0, 0, 0, ())


def unbooked(followed: Followed) -> list[Part]:
    """The parts that happened for certain, with amounts that are certain, and are not booked yet.

    Of items that are alike the oldest are taken; those that are booked count as well.
    """
    amounts: list[list[int]] = [[] for _ in followed.groups]
    for place, step in enumerate(followed.steps):
        way = followed.decided(place)
        if way is not None:
            for group, known in enumerate(_amounts(step, followed.groups, way)):
                amounts[group] += known
    return [
        part
        for group, known in zip(followed.groups, amounts, strict=True)
        for part in _oldest(group, known)
    ]


def _amounts(step: Step, groups: Sequence[Alike], way: Counts) -> Iterator[list[int]]:
    """What each of a step's items moved, by group. An unknown amount only where there is one of
    them, and no charge beside it: it would make any charge fit."""
    chosen = list(zip(groups, way, strict=True))
    exact = sum(count * group.low for group, count in chosen if group.low == group.high)
    unknown = sum(count for group, count in chosen if group.low != group.high)
    is_padded = any(count and group.low < 0 for group, count in chosen)
    for group, count in chosen:
        if group.low == group.high:
            yield [group.low] * count
        elif unknown == 1 and not is_padded:
            yield [in_units(step.amount) - exact] * count
        else:
            yield []


def _oldest(group: Alike, known: list[int]) -> Iterator[Part]:
    booked = sum(each.is_booked for each in group.members)
    waiting = [each for each in group.members if not each.is_booked]
    for each, amount in zip(waiting, known[booked:], strict=False):
        yield Part(each.item.id, in_money(amount))
