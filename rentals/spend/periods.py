"""Periods of days, and the ones that they are compared with."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

EARLIEST: Final = date(2000, 1, 1)
LATEST: Final = date(2999, 12, 31)
ONE: Final = timedelta(1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both among them."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_whole_months(self) -> bool:
        return self.whole_months == self

    @property
    def whole_months(self) -> "Period | None":
        """All the whole months that are in it; None where there is none."""
        first = self.first if self.first.day == 1 else _next_month(self.first)
        last = self.last if (self.last + ONE).day == 1 else self.last.replace(day=1) - ONE
        return Period(first, last) if first <= last else None

    @property
    def before(self) -> "Period":
        """What it is compared with: as many whole months, or as many days, right before it; for
        the beginning of a month the same days of the month before."""
        if self.is_whole_months:
            return Period(_months_before(self.first, self._months), self.first - ONE)
        if self.first.day == 1 and self._months == 1:
            first = _months_before(self.first, 1)
            return Period(first, first.replace(day=min(self.last.day, _length(first))))
        return Period(self.first - timedelta(self.days), self.first - ONE)

    @property
    def step(self) -> str:
        """The steps in which a chart shows it: as many as can be told apart on a phone."""
        if self.days <= 45:
            return "day"
        return "week" if self.days <= 270 else "month"

    def steps(self, step: str) -> Iterator[date]:
        """The first day of each step that touches it."""
        day = _begin(self.first, step)
        while day <= self.last:
            yield day
            day = (
                _next_month(day) if step == "month" else day + (7 * ONE if step == "week" else ONE)
            )

    def of(self, first: date, step: str) -> "Period":
        """Its days of the day or month that begins with `first`."""
        whole = month_of(first) if step == "month" else Period(first, first)
        return Period(max(whole.first, self.first), min(whole.last, self.last))

    @property
    def _months(self) -> int:
        """The number of months that it touches."""
        years = self.last.year - self.first.year
        return years * 12 + self.last.month - self.first.month + 1


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, first.replace(day=_length(first)))


def nearest_month(day: date) -> date:
    """The first day of a month that is the fewest days away."""
    first = day.replace(day=1)
    after = _next_month(first)
    return first if day - first <= after - day else after


def _begin(day: date, step: str) -> date:
    if step == "month":
        return day.replace(day=1)
    return day - timedelta(day.weekday()) if step == "week" else day


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _months_before(first: date, months: int) -> date:
    place = first.year * 12 + first.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def _length(month: date) -> int:
    return monthrange(month.year, month.month)[1]
