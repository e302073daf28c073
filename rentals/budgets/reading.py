"""What was used of budgets, exact at the moment of asking: all of them in one statement.

Used is what the rentals of the period's days were charged, less what came back, and all that is
held for those that are under way or in doubt. It is read from the same totals and marks as the
spend page (rentals/spend/reading.py). Each day is converted at the rate that counts on it, and
nothing is rounded: a limit holds to the last decimal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any, Final

from django.db import connection

from ledger.operations.rates import MissingRate
from rentals.budgets.periods import period_of, renews
from rentals.models import Budget
from rentals.spend.periods import Period
from rentals.spend.reading import FRESH
from rentals.states import BudgetScope

AXES: Final = {
    BudgetScope.TEAM: "all",
    BudgetScope.EACH: "member",
    BudgetScope.MEMBER: "member",
    BudgetScope.PURPOSE: "purpose",
}

CENT: Final = Decimal("0.01")
SMALLEST: Final = Decimal("0.0001")
NOTHING: Final = Decimal(0)
FULL: Final = Decimal(100)


def shown(amount: Decimal, rounding: str) -> Decimal:
    """In full where it has no more decimals than money has; else, being converted, in cents."""
    return (
        amount if amount == amount.quantize(SMALLEST, rounding) else amount.quantize(CENT, rounding)
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A budget on a day. `member`: whose, where it is one for each member."""

    budget: Budget
    day: date
    member: int | None = None

    @classmethod
    def of(cls, budget: Budget, day: date, member_id: int) -> "Wanted":
        """As it counts for this member."""
        return cls(budget, day, member_id if budget.scope == BudgetScope.EACH else None)

    @property
    def period(self) -> Period:
        return period_of(self.budget.period, self.day)

    @property
    def value(self) -> str:
        """What the totals are summed up by: see SpendTotal."""
        if self.budget.scope == BudgetScope.EACH:
            return str(self.member)
        return str(self.budget.member_id or "") or self.budget.purpose


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands in a period. `used` and what follows from it need every rate: where one
    is missing, `missing` says which, and `used` is what could be told."""

    budget: Budget
    member: int | None
    period: Period
    used: Decimal
    raised: Decimal  # approved beyond it, for this period
    missing: MissingRate | None = None

    @property
    def limit(self) -> Decimal:
        return self.budget.amount + self.raised

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.used, NOTHING)

    @property
    def used_shown(self) -> Decimal:
        """In full; what conversion made endless is rounded up to the cent."""
        return shown(self.used, ROUND_UP)

    @property
    def left_shown(self) -> Decimal:
        return shown(self.left, ROUND_DOWN)

    @property
    def is_past(self) -> bool:
        """Whether more was used than the limit."""
        return self.used > self.limit

    @property
    def is_full(self) -> bool:
        return self.used >= self.limit

    @property
    def is_warning(self) -> bool:
        return FULL * self.used >= self.budget.warn_share * self.limit

    @property
    def percent(self) -> Decimal:
        """Of the limit, rounded down: 100 is full, and nothing less is."""
        return max(FULL * self.used // self.limit, NOTHING)

    @property
    def width(self) -> Decimal:
        """Of a bar that is 100 wide."""
        return min(self.percent, FULL)

    @property
    def renews(self) -> date:
        return renews(self.period)


# The day's totals over all accounts and outcomes, and what has changed since they were added up.
# Those of a team stand apart from the others for the planner: a partial index must fit for sure.
_LINES: Final = """
    lines AS MATERIALIZED (
        SELECT w.place, counted.day, counted.currency,
            sum(counted.charged - counted.refunded + counted.held) AS amount
        FROM wanted w CROSS JOIN LATERAL (
            SELECT since AS day, currency, charged, refunded, held FROM rentals_spendtotal
            WHERE team_id = %(team)s AND w.axis = 'all' AND axis = 'all' AND span = 'day'
                AND value = '' AND outcome = '' AND since BETWEEN w.first AND w.last
            UNION ALL
            SELECT since, currency, charged, refunded, held FROM rentals_spendtotal
            WHERE team_id = %(team)s AND axis = w.axis AND axis <> 'all' AND span = 'day'
                AND value = w.value AND outcome = '' AND since BETWEEN w.first AND w.last
            UNION ALL
            SELECT day, currency, charged, refunded, held FROM delta
            WHERE day BETWEEN w.first AND w.last AND w.value = CASE w.axis
                WHEN 'member' THEN member_id::text WHEN 'purpose' THEN purpose ELSE '' END
        ) counted
        WHERE NOT w.own OR counted.currency = w."into"
        GROUP BY w.place, counted.day, counted.currency
    )
"""
_WANTED: Final = """
    wanted AS (
        SELECT * FROM unnest(%(budgets)s::bigint[], %(members)s::bigint[], %(axes)s::text[],
            %(values)s::text[], %(firsts)s::date[], %(lasts)s::date[], %(intos)s::text[],
            %(owns)s::boolean[])
        WITH ORDINALITY w(budget, member, axis, value, first, last, "into", own, place)
    )
"""
# A sum leaves out what has no rate, and says of which currency and day that was the first.
_SUMS: Final = """
    SELECT coalesce(sum(line.amount * line.rate), 0),
        (SELECT coalesce(sum(asked.amount), 0) FROM rentals_budgetrequest asked
            WHERE asked.budget_id = w.budget AND asked.first = w.first
                AND asked.state = 'approved' AND coalesce(w.member = asked.asked_by_id, true)),
        (array_agg(line.currency ORDER BY line.day) FILTER (WHERE line.rate IS NULL))[1],
        min(line.day) FILTER (WHERE line.rate IS NULL)
    FROM wanted w LEFT JOIN LATERAL (
        SELECT lines.day, lines.currency, lines.amount,
            CASE WHEN lines.currency = w."into" THEN 1 ELSE (
                SELECT rate FROM ledger_exchangerate known
                WHERE known.team_id = %(team)s AND known.currency = lines.currency
                    AND known."into" = w."into" AND known.day <= lines.day
                ORDER BY known.day DESC, known.revision DESC LIMIT 1
            ) END AS rate
        FROM lines WHERE lines.place = w.place AND lines.amount <> 0
    ) line ON true
    GROUP BY w.place, w.budget, w.first, w.member ORDER BY w.place
"""


def standings(team_id: int, wanted: Iterable[Wanted]) -> list[Standing]:
    """How each stands at this moment, in the order in which they are given. All of one team."""
    listed = list(wanted)
    if not listed:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"{FRESH}, {_WANTED}, {_LINES} {_SUMS}", {"team": team_id, **_values(listed)}
        )
        rows = cursor.fetchall()
    return [_standing(each, *row) for each, row in zip(listed, rows, strict=True)]


def _values(listed: list[Wanted]) -> dict[str, list[Any]]:
    return {
        "budgets": [each.budget.pk for each in listed],
        "members": [each.member for each in listed],
        "axes": [AXES[BudgetScope(each.budget.scope)] for each in listed],
        "values": [each.value for each in listed],
        "firsts": [each.period.first for each in listed],
        "lasts": [each.period.last for each in listed],
        "intos": [each.budget.currency for each in listed],
        "owns": [not each.budget.is_of_everything for each in listed],
    }


def _standing(
    wanted: Wanted, used: Decimal, raised: Decimal, currency: str | None, day: date | None
) -> Standing:
    into = wanted.budget.currency
    missing = MissingRate(currency, into, day) if currency is not None and day else None
    return Standing(wanted.budget, wanted.member, wanted.period, used, raised, missing)
