"""The spend page's charts, as numbers that a template writes into SVG attributes.

A plot is 100 high and as wide as it has steps, 10 each, and is stretched to its place; words stand
outside, so that they are not.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Final

from django.utils import formats
from django.utils.translation import get_language

from rentals.spend.periods import Period
from rentals.spend.reading import Line
from rentals.spend.sums import NOTHING, Sum, total
from rentals.states import SpendOutcome

WIDE: Final = 10
HIGH: Final = 100
GAP: Final = 2
MOST_SERVICES: Final = 8
ROW: Final = 40  # the height of a service
BROAD: Final = 400
HELD: Final = "held"
ROUND: Final = tuple(map(Decimal, ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")))
# From the bottom up; what is held comes last, because it may come to nothing.
STACK: Final = (
    SpendOutcome.RECEIVED,
    SpendOutcome.EXPIRED,
    SpendOutcome.LOST,
    SpendOutcome.CANCELLED,
    SpendOutcome.UNDER_WAY,
    SpendOutcome.IN_DOUBT,
    SpendOutcome.REFUSED,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a bar: an outcome's cost, or what is held."""

    kind: str
    label: str
    amount: Decimal
    x: int
    y: str
    width: int
    height: str


@dataclass(frozen=True, slots=True)
class Step:
    """`first` to `last` are days of the period; `cells` in the order of the chart's kinds."""

    first: date
    last: date
    sum: Sum
    cells: list[Decimal]

    @property
    def name(self) -> str:
        return _named(self.first, self.last, get_language())

    @property
    def amounts(self) -> list[Decimal]:
        """Its cells, and what they come to."""
        return [*self.cells, self.sum.net]


# Each chart of a page has the same steps.
@lru_cache(maxsize=2048)
def _named(first: date, last: date, _language: str | None) -> str:
    whole = formats.date_format(last, "j M Y")
    return whole if first == last else f"{formats.date_format(first, 'j M')} \N{EN DASH} {whole}"


class _Stepped:
    """Something along the steps of a period."""

    def __init__(self, period: Period, lines: Iterable[Line]) -> None:
        self.period = period
        self.by_step: dict[date, list[Line]] = defaultdict(list)
        for line in lines:
            if line.day is not None:
                self.by_step[line.day].append(line)

    @cached_property
    def _begins(self) -> list[date]:
        return list(self.period.steps(self.period.step))

    @property
    def width(self) -> int:
        return WIDE * len(self._begins)

    @property
    def unit(self) -> str:
        """day, week, month: how long a step is."""
        return self.period.step

    def _days(self) -> Iterator[tuple[int, date, date, date]]:
        """A step's place, its key, and its first and last day that are in the period."""
        for place, begin in enumerate(self._begins):
            after = self._begins[place + 1 : place + 2]
            last = after[0] - timedelta(1) if after else self.period.last
            yield place, begin, max(begin, self.period.first), last


class MoneyChart(_Stepped):
    """What was spent in one currency, step by step, stacked by outcome."""

    def __init__(self, currency: str, period: Period, lines: Iterable[Line]) -> None:
        super().__init__(period, lines)
        self.currency = currency

    @cached_property
    def kinds(self) -> list[tuple[str, str]]:
        """Those that there are, with their names, from the bottom up."""
        lines = [line for step in self.by_step.values() for line in step]
        spent = {line.outcome for line in lines if line.sum.net}
        kinds = [(kind.value, str(kind.label)) for kind in STACK if kind.value in spent]
        if any(line.sum.held for line in lines):
            kinds.append((HELD, ""))
        return kinds

    @cached_property
    def steps(self) -> list[Step]:
        return [
            Step(first, last, total(line.sum for line in self.by_step[begin]), self._cells(begin))
            for _, begin, first, last in self._days()
        ]

    def _cells(self, begin: date) -> list[Decimal]:
        lines = self.by_step[begin]
        return [
            sum((line.sum.held for line in lines), NOTHING)
            if kind == HELD
            else sum((line.sum.net for line in lines if line.outcome == kind), NOTHING)
            for kind, _ in self.kinds
        ]

    @cached_property
    def top(self) -> Decimal:
        """What the upper edge stands for: a round amount above the highest bar."""
        highest = max((_positive(step.cells) for step in self.steps), default=NOTHING)
        return round_up(highest)

    @property
    def blocks(self) -> Iterator[tuple[Step, list[Block]]]:
        for place, step in enumerate(self.steps):
            yield step, list(self._stacked(place, step))

    @property
    def paths(self) -> list[tuple[str, str]]:
        """All blocks of a kind as one path: hundreds of them cost the page a fifth of its time."""
        paths: dict[str, list[str]] = {kind: [] for kind, _ in self.kinds}
        for _, blocks in self.blocks:
            for b in blocks:
                paths[b.kind].append(f"M{b.x} {b.y}h{b.width}v{b.height}h-{b.width}z")
        return [(kind, "".join(path)) for kind, path in paths.items() if path]

    def _stacked(self, place: int, step: Step) -> Iterator[Block]:
        below = NOTHING
        for (kind, label), amount in zip(self.kinds, step.cells, strict=True):
            if amount <= 0:
                continue
            height = HIGH * amount / self.top
            below += height
            yield Block(
                kind, label, amount, place * WIDE + GAP // 2,
                f"{HIGH - below:.2f}", WIDE - GAP, f"{height:.2f}",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    step: Step
    percent: Decimal | None
    x: int
    y: str


class SuccessChart(_Stepped):
    """The share of rentals that brought a code, step by step, of all currencies together."""

    @cached_property
    def points(self) -> list[Point]:
        found = []
        for place, begin, first, last in self._days():
            whole = total(line.sum for line in self.by_step[begin])
            percent = None if whole.success is None else 100 * whole.success
            y = "" if percent is None else f"{HIGH - percent:.2f}"
            step = Step(first, last, whole, [])
            found.append(Point(step, percent, place * WIDE + WIDE // 2, y))
        return found

    @property
    def known(self) -> list[Point]:
        return [point for point in self.points if point.percent is not None]

    @property
    def runs(self) -> list[str]:
        """Lines between points that follow each other: nothing is drawn through what isn't."""
        runs: list[list[str]] = [[]]
        for point in self.points:
            if point.percent is None:
                runs.append([])
            else:
                runs[-1].append(f"{point.x},{point.y}")
        return [" ".join(run) for run in runs if len(run) > 1]


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    sum: Sum
    y: int
    width: str

    @property
    def text_y(self) -> int:
        return self.y + 15

    @property
    def bar_y(self) -> int:
        return self.y + 21


class ServicesChart:
    """The services that cost most in one currency."""

    def __init__(self, currency: str, sums: Mapping[str, Sum]) -> None:
        self.currency = currency
        costing = [(name, each) for name, each in sums.items() if each.net > 0]
        self._sums = sorted(costing, key=lambda pair: (-pair[1].net, pair[0]))
        self.more = max(0, len(costing) - MOST_SERVICES)

    @property
    def bars(self) -> list[Bar]:
        shown = self._sums[:MOST_SERVICES]
        top = shown[0][1].net if shown else Decimal(1)
        return [
            Bar(name, each, place * ROW, f"{BROAD * each.net / top:.2f}")
            for place, (name, each) in enumerate(shown)
        ]

    @property
    def height(self) -> int:
        return ROW * len(self.bars)

    @property
    def width(self) -> int:
        return BROAD


def _positive(cells: Iterable[Decimal]) -> Decimal:
    return sum((cell for cell in cells if cell > 0), NOTHING)


def round_up(amount: Decimal) -> Decimal:
    """To the next of some round figures, at most half as much again; whole numbers stay whole."""
    if amount <= 0:
        return Decimal(1)
    ten = Decimal(1).scaleb(amount.adjusted())
    return next(round_ * ten for round_ in ROUND if round_ * ten >= amount)
