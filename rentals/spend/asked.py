"""What an address asks of the spend: a period, filters, a grouping, an order. All may be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rentals.spend.periods import EARLIEST, LATEST, Period, month_of
from rentals.spend.reading import Narrowed
from rentals.states import SpendOutcome

CUSTOM: Final = "custom"
DEFAULT: Final = "30-days"
PRESETS: Final = {
    "7-days": gettext_lazy("Last 7 days"),
    "30-days": gettext_lazy("Last 30 days"),
    "90-days": gettext_lazy("Last 90 days"),
    "month": gettext_lazy("This month"),
    "last-month": gettext_lazy("Last month"),
    "12-months": gettext_lazy("Last 12 months"),
    "year": gettext_lazy("This year"),
    CUSTOM: gettext_lazy("From … to"),
}
GROUPS: Final = {
    "service": gettext_lazy("Service"),
    "member": gettext_lazy("Member"),
    "account": gettext_lazy("Provider account"),
    "purpose": gettext_lazy("Purpose"),
    "outcome": gettext_lazy("Outcome"),
    "day": gettext_lazy("Day"),
    "month": gettext_lazy("Month"),
}
SORTS: Final = (
    "name", "rentals", "received", "success", "charged", "refunded", "net", "per_code", "held",
)  # fmt: skip
PARAMETERS: Final = (  # what of an address is read, but for the page
    "period", "from", "to", "month", "member", "service", "account", "purpose", "outcome", "by",
    "sort",
)  # fmt: skip
NO_PURPOSE: Final = " "  # purposes begin with no space
LONGEST: Final = 3660  # days


@dataclass(frozen=True, slots=True)
class Asked:
    """`problem`: what is wrong with it, in a person's words; then `period` is the default one."""

    period: Period
    preset: str
    narrowed: Narrowed
    group: str
    sort: str
    page: int
    problem: str = ""
    own: bool = False  # only one's own, by right
    currency: str = ""  # of the rentals behind a line; "" means any

    @property
    def narrows(self) -> bool:
        """Whether anything but the period is filtered."""
        narrowed = self.narrowed
        wanted = (narrowed.service, narrowed.purpose, narrowed.account, narrowed.outcome)
        by_member = narrowed.member is not None and not self.own
        return by_member or any(each is not None for each in wanted)


def asked(address: Mapping[str, str], team: int, *, today: date, member: int | None) -> Asked:
    """`member`: the only one whose spend may be seen, whatever the address says; None: all."""
    preset, period, problem = _period(address, today)
    narrowed = Narrowed(
        team,
        member=member or _number(address.get("member", "")),
        service=_text(address.get("service", "")) or None,
        purpose=_purpose(address.get("purpose", "")),
        account=_number(address.get("account", "")),
        outcome=_outcome(address.get("outcome", "")),
    )
    group = address.get("by", "")
    sort = address.get("sort", "")
    return Asked(
        period=period,
        preset=preset,
        narrowed=narrowed,
        group=group if group in GROUPS else "service",
        sort=sort if sort.removeprefix("-") in SORTS else "",
        page=_number(address.get("page", "")) or 1,
        problem=problem,
        own=member is not None,
        currency=_currency(address.get("currency", "")),
    )


def preset_period(preset: str, today: date) -> Period:
    """The days that a word of PRESETS means today."""
    month = month_of(today)
    if preset == "month":
        return Period(month.first, today)
    if preset == "last-month":
        return month.before
    if preset == "12-months":
        return Period(date(today.year - (today.month < 12), today.month % 12 + 1, 1), today)
    if preset == "year":
        return Period(date(today.year, 1, 1), today)
    days = {"7-days": 7, "90-days": 90}.get(preset, 30)
    return Period(today - timedelta(days - 1), today)


def _period(address: Mapping[str, str], today: date) -> tuple[str, Period, str]:
    said, month = address.get("period", ""), address.get("month", "")
    otherwise = preset_period(DEFAULT, today)
    if not said and month:
        first = _day(f"{month}-01")
        if first is None:
            return CUSTOM, otherwise, _("A month is written like 2026-03.")
        return CUSTOM, month_of(first), ""
    if said in PRESETS and said != CUSTOM:
        return said, preset_period(said, today), ""
    if not address.get("from") and not address.get("to"):
        return (CUSTOM if said == CUSTOM else DEFAULT), otherwise, ""
    first, last = _day(address.get("from", "")), _day(address.get("to", ""))
    if (address.get("from") and first is None) or (address.get("to") and last is None):
        return CUSTOM, otherwise, _("A day is written like 2026-03-31.")
    first = first or (last or today) - timedelta(29)
    period = Period(first, last or max(today, first))
    return CUSTOM, *_checked(period, otherwise)


def _checked(period: Period, otherwise: Period) -> tuple[Period, str]:
    if period.last < period.first:
        return otherwise, _("The last day is before the first. Change one of them.")
    if period.days > LONGEST:
        return otherwise, _("Ask for ten years at most.")
    return period, ""


def _day(said: str) -> date | None:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else None


def _text(said: str) -> str:
    return said.replace("\0", " ")[:200]


def _currency(said: str) -> str:
    return said if len(said) == 3 and said.isascii() and said.isalpha() and said.isupper() else ""


def _purpose(said: str) -> str | None:
    return "" if said == NO_PURPOSE else _text(said) or None


def _outcome(said: str) -> SpendOutcome | None:
    return SpendOutcome(said) if said in SpendOutcome.values else None
