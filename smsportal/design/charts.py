"""Figures for the charts and bars, made up and always the same."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from rentals.budgets.reading import Standing
from rentals.models import Budget
from rentals.spend.charts import STACK, MoneyChart, ServicesChart, SuccessChart
from rentals.spend.periods import Period
from rentals.spend.reading import Line
from rentals.spend.sums import Sum

CURRENCY: Final = "USD"
PERIOD: Final = Period(date(2026, 1, 1), date(2026, 1, 12))


@dataclass(frozen=True)
class Asked:
    period: Period


ASKED: Final = Asked(PERIOD)


def money() -> MoneyChart:
    return MoneyChart(CURRENCY, PERIOD, _lines())


def success() -> SuccessChart:
    return SuccessChart(PERIOD, _lines())


def services() -> ServicesChart:
    sums = {f"Service {each}": Sum(9 - each, 8 - each, 9, Decimal(9 - each)) for each in range(9)}
    return ServicesChart(CURRENCY, sums)


def budgets(now: datetime) -> list[Standing]:
    """Hardly used, nearly used up, used up."""
    budget = Budget(currency=CURRENCY, amount=Decimal(50), warn_share=80)
    used = (Decimal("12.35"), Decimal("43.10"), Decimal(50))
    return [Standing(budget, None, PERIOD, each, Decimal(0)) for each in used]


def _lines() -> list[Line]:
    return [
        Line(day, "", outcome.value, CURRENCY, _sum(day.day, place))
        for day in PERIOD.steps("day")
        for place, outcome in enumerate(STACK)
    ]


def _sum(day: int, place: int) -> Sum:
    count = 1 + day * (place + 3) % 7
    held = Decimal(count) / 10 if place == len(STACK) - 1 else Decimal(0)
    return Sum(count, count // 2, count, Decimal(count) * (len(STACK) - place) / 10, held=held)
