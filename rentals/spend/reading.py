"""What a team's rentals cost, exact at the moment of asking, in one statement.

Totals are of the last time that changes were added up (`operations.fold_spend`). To them comes
`delta`: what the rentals that are marked as changed since cost now, less what they are counted
with. Which totals are read depends on what is asked for: sums along one axis are there by day and
by month; what is narrowed along one and grouped by another is added up from single rentals.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db import connection, transaction

from rentals.models import SpendTotal
from rentals.spend.facts import BROUGHT_CODE, COLUMNS, IS_DECIDED, NOW, marked
from rentals.spend.periods import ONE, Period, nearest_month
from rentals.spend.sums import Sum
from rentals.states import SpendOutcome

AXES: Final = ("member", "service", "purpose")
COLUMN: Final = {
    "member": "member_id::text",
    "service": "service",
    "purpose": "purpose",
    "account": "account_id::text",
    "outcome": "outcome",
}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Whose rentals: those that fit all that is not None."""

    team: int
    member: int | None = None
    service: str | None = None
    purpose: str | None = None
    account: int | None = None
    outcome: SpendOutcome | None = None

    @property
    def axes(self) -> set[str]:
        return {axis for axis in AXES if getattr(self, axis) is not None}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the sums that are wanted of a period: by currency and, where asked for, by step
    ("day", "week", "month"), by outcome and by `group`, a word of COLUMN."""

    name: str
    period: Period
    step: str = ""
    group: str = ""
    by_outcome: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """`day`: the first of its step, None without steps. `value` of the group, else ""."""

    day: date | None
    value: str
    outcome: str
    currency: str
    sum: Sum


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be narrowed to: values that there are at all."""

    member: list[str] = field(default_factory=list)
    service: list[str] = field(default_factory=list)
    purpose: list[str] = field(default_factory=list)


def read(narrowed: Narrowed, parts: list[Part]) -> dict[str, list[Line]]:
    """The parts by name, all of one moment."""
    found: dict[str, list[Line]] = {part.name: [] for part in parts}
    query = _Query(narrowed)
    for name, day, value, outcome, currency, *numbers in query.run(map(query.part, parts)):
        found[name].append(Line(day, value, outcome, currency, Sum(*numbers)))
    return found


def choices(narrowed: Narrowed) -> Choices:
    """What a team's rentals can be narrowed to; or one member's, without the member. No order."""
    query = _Query(Narrowed(narrowed.team, member=narrowed.member))
    found = Choices()
    for axis, value in query.run(query.choices()):
        getattr(found, axis).append(value)
    return found


# Few are marked, whatever the statistics say of a table that is always being emptied: an array
# makes PostgreSQL look each of them up.
_MARKED: Final = "ANY(ARRAY(SELECT id FROM marked))"
# What has changed since the totals were added up; `team` is its one parameter.
FRESH: Final = f"""
    WITH marked AS MATERIALIZED ({marked("ledger_spendchange")}),
    delta AS MATERIALIZED (
        SELECT {COLUMNS}, 1 AS rentals
        FROM ({NOW} WHERE r.team_id = %(team)s AND r.id = {_MARKED}) now
        UNION ALL
        SELECT rental_id, team_id, day, member_id, account_id, service, purpose, outcome,
            currency, -charged, -refunded, -held, -1
        FROM rentals_spendfact WHERE team_id = %(team)s AND rental_id = {_MARKED}
    )
"""
_ROOM: Final = "SET LOCAL work_mem = '32MB'"  # or ten thousands of rows are sorted on the disk
_COUNTED: Final = ("rentals", "received", "decided", "charged", "refunded", "held")
_COUNTS: Final = ", ".join(_COUNTED)
_OF_RENTALS: Final = (
    f"rentals, rentals * {BROUGHT_CODE} AS received, rentals * {IS_DECIDED} AS decided, "
    "charged, refunded, held"
)
_SUMS: Final = ", ".join(f"sum({column})" for column in _COUNTED)
# A group that a change has left has nothing in it.
_SOMETHING: Final = "HAVING sum(rentals) <> 0"


class _Query:
    """One statement, put together; its words are all from here, its values are parameters."""

    def __init__(self, narrowed: Narrowed) -> None:
        self.narrowed = narrowed
        self.values: dict[str, Any] = {"team": narrowed.team}
        for name in (*AXES, "account", "outcome"):
            wanted = getattr(narrowed, name)
            if wanted is not None:
                self.values[name] = str(wanted) if name == "outcome" else wanted

    def run(self, selects: Iterator[str]) -> list[tuple[Any, ...]]:
        statement = FRESH + " UNION ALL ".join(f"({select})" for select in selects)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ROOM)
            cursor.execute(statement, self.values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def part(self, part: Part) -> str:
        step = f"date_trunc('{part.step}', day)::date" if part.step else "NULL::date"
        outcome = "outcome" if part.by_outcome else "''"
        grouped = [name for name in (part.step and step, part.by_outcome and outcome) if name]
        grouping = ", ".join(["value", "currency", *grouped])
        return f"""
            SELECT '{part.name}' AS part, {step} AS day, value, {outcome} AS outcome, currency,
                {_SUMS}
            FROM ({self._rows(part)}) rows GROUP BY {grouping} {_SOMETHING}
        """

    def choices(self) -> Iterator[str]:
        for axis in AXES if self.narrowed.member is None else AXES[1:]:
            yield f"SELECT '{axis}' AS axis, value FROM ({self._values(axis)}) found"

    def _values(self, axis: str) -> str:
        fresh = f"SELECT {COLUMN[axis]} AS value FROM delta WHERE rentals > 0"
        if self.narrowed.member is None:
            return f"""
                SELECT value FROM rentals_spendtotal WHERE team_id = %(team)s
                    AND axis = '{axis}' AND span = 'ever' AND outcome = '' UNION {fresh}
            """
        return f"""
            SELECT {COLUMN[axis]} AS value FROM rentals_spendfact
            WHERE team_id = %(team)s AND member_id = %(member)s
            UNION {fresh} AND member_id = %(member)s
        """

    def _rows(self, part: Part) -> str:
        """Rows of day, value, outcome, currency and counts that add up to the part."""
        axes = self.narrowed.axes | ({part.group} & set(AXES))
        counted = self._totals(part, *axes) if len(axes) < 2 else self._facts(part)
        value = COLUMN.get(part.group, "''")
        return f"""
            {counted} UNION ALL
            SELECT day, {value}, outcome, currency, {_OF_RENTALS} FROM delta
            WHERE {self._narrowing(part)}
        """

    def _facts(self, part: Part) -> str:
        value = COLUMN.get(part.group, "''")
        return f"""
            SELECT day, {value} AS value, outcome, currency, {_OF_RENTALS}
            FROM (SELECT *, 1 AS rentals FROM rentals_spendfact) fact
            WHERE team_id = %(team)s AND {self._narrowing(part)}
        """

    def _narrowing(self, part: Part) -> str:
        narrowed = [f"{name}_id = %({name})s" for name in ("member", "account") if self._has(name)]
        narrowed += [
            f"{name} = %({name})s" for name in ("service", "purpose", "outcome") if self._has(name)
        ]
        return " AND ".join([*narrowed, self._between("day", part.period)])

    def _totals(self, part: Part, axis: str = "all") -> str:
        value = "value" if part.group in AXES else COLUMN.get(part.group, "''")
        narrowed = [f"team_id = %(team)s AND axis = '{axis}'"]
        if self._has(axis):
            text = f"{axis}_text"
            self.values[text] = str(getattr(self.narrowed, axis))
            narrowed.append(f"value = %({text})s")
        narrowed += ["account_id = %(account)s"] if self._has("account") else []
        narrowed += ["outcome = %(outcome)s"] if self._has("outcome") else []
        narrowed += ["outcome = ''" if self._is_summed(part) else "outcome <> ''"]
        return " UNION ALL ".join(
            f"""
            SELECT since AS day, {value} AS value, outcome, currency,
                {_COUNTS if is_in else ", ".join(f"-{column}" for column in _COUNTED)}
            FROM rentals_spendtotal
            WHERE {" AND ".join(narrowed)} AND span = '{span}' AND {self._between("since", period)}
            """
            for span, period, is_in in _spans(part)
        )

    def _is_summed(self, part: Part) -> bool:
        """Whether sums of all accounts and outcomes will do, which are far fewer."""
        asked = part.by_outcome or part.group in ("account", "outcome")
        return not asked and not self._has("account") and not self._has("outcome")

    def _between(self, column: str, period: Period) -> str:
        names = []
        for day in (period.first, period.last):
            name = f"day_{day:%Y%m%d}"
            self.values[name] = day
            names.append(f"%({name})s")
        return f"{column} BETWEEN {names[0]} AND {names[1]}"

    def _has(self, name: str) -> bool:
        return name in self.values


def _spans(part: Part) -> list[tuple[str, Period, bool]]:
    """The totals that make up a part, and whether they are added or taken away: where steps allow
    whole months, and at both ends the days that are in it or aren't, whichever are fewer."""
    by_day = [(SpendTotal.Span.DAY.value, part.period, True)]
    if part.step in ("day", "week"):
        return by_day
    first, end = part.period.first, part.period.last + ONE
    begin, stop = nearest_month(first), nearest_month(end)
    edges = [
        (SpendTotal.Span.DAY.value, Period(since, until - ONE), is_in)
        for since, until, is_in in (
            (first, begin, True),
            (begin, first, False),
            (stop, end, True),
            (end, stop, False),
        )
        if since < until
    ]
    if sum(period.days for _span, period, _is_in in edges) >= part.period.days:
        return by_day
    whole = [(SpendTotal.Span.MONTH.value, Period(begin, stop - ONE), True)] if begin < stop else []
    return whole + edges
