"""A budget's periods: whole days of the team's, weeks from Monday to Sunday, calendar months."""

from datetime import date, timedelta

from rentals.spend.periods import ONE, Period, month_of
from rentals.states import BudgetPeriod


def period_of(kind: str, day: date) -> Period:
    """The period of this kind that a day is in."""
    if kind == BudgetPeriod.MONTH:
        return month_of(day)
    if kind == BudgetPeriod.WEEK:
        monday = day - timedelta(day.weekday())
        return Period(monday, monday + 6 * ONE)
    return Period(day, day)


def renews(period: Period) -> date:
    """The first day of the next one."""
    return period.last + ONE
