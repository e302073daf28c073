"""The sums, read for a page."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.db import connection

from rentals.models import QualityValue
from rentals.quality.bins import BINS, median

# What they are grouped by, and the column that holds it.
COLUMNS: Final = {
    "account": "account_id",
    "service": "service_code",
    "carrier": "carrier",
    "area": "area_code",
}
_CAME: Final = ", ".join(f"sum(came[{place + 1}])" for place in range(BINS))


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Of which rentals: a team's of some days, and all of what is None."""

    team_id: int
    first: date
    last: date
    only: Mapping[str, str | int] = field(default_factory=dict[str, "str | int"])


@dataclass(frozen=True, slots=True)
class Rate:
    """How well some rentals went; `came` counts their codes in each bin."""

    name: str
    rentals: int = 0
    received: int = 0
    came: tuple[int, ...] = (0,) * BINS

    @property
    def success(self) -> float | None:
        """In percent."""
        return 100 * self.received / self.rentals if self.rentals else None

    @property
    def median(self) -> float | None:
        """Seconds."""
        return median(self.came)

    def with_(self, other: "Rate") -> "Rate":
        came = tuple(a + b for a, b in zip(self.came, other.came, strict=True))
        return Rate(self.name, self.rentals + other.rentals, self.received + other.received, came)


def rates(narrowed: Narrowed, by: str, name: Callable[[str], str] = str) -> list[Rate]:
    """The sums for each value of a column of COLUMNS; those that have the same name are one."""
    where, values = _where(narrowed)
    statement = f"""
        SELECT {COLUMNS[by]}::text, sum(rentals), sum(received), {_CAME}
        FROM rentals_qualitytotal WHERE {where} GROUP BY 1
    """  # noqa: S608 - columns of our own
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    found: dict[str, Rate] = {}
    for value, rentals, received, *came in rows:
        rate = Rate(name(value), int(rentals), int(received), tuple(map(int, came)))
        found[rate.name] = found[rate.name].with_(rate) if rate.name in found else rate
    return list(found.values())


def total(rates: Iterable[Rate]) -> Rate:
    whole = Rate("")
    for rate in rates:
        whole = whole.with_(rate)
    return whole


def choices(team_id: int, since: date) -> Mapping[str, list[str]]:
    """The values that there are in each column of COLUMNS since a day."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    values = QualityValue.objects.filter(team=team_id, last_day__gte=since)
    for axis, value in values.values_list("axis", "value"):
        found[axis].append(value)
    return {column: sorted(found[column], key=str.casefold) for column in COLUMNS}


def _where(narrowed: Narrowed) -> tuple[str, list[str | int | date]]:
    parts = ["team_id = %s", "day BETWEEN %s AND %s"]
    values: list[str | int | date] = [narrowed.team_id, narrowed.first, narrowed.last]
    for name, value in narrowed.only.items():
        parts.append(f"{COLUMNS[name]} = %s")
        values.append(value)
    return " AND ".join(parts), values
