"""The spend page's figures: totals beside those of the period before, steps, groups, services."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.utils import formats
from django.utils.translation import gettext as _

from accounts.models import ProviderAccount, Team, User
from ledger.operations.rates import MissingRate, Reported, convert_days
from rentals.spend import reading
from rentals.spend.asked import CUSTOM, NO_PURPOSE, Asked
from rentals.spend.charts import MoneyChart, ServicesChart, SuccessChart
from rentals.spend.reading import Line, Part
from rentals.spend.sums import Sum, total
from rentals.states import SpendOutcome

PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure now and in the period before; None where there is none."""

    now: Decimal | None
    before: Decimal | None

    @property
    def more(self) -> Decimal | None:
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def size(self) -> Decimal | None:
        """By how much, without its direction."""
        return None if self.more is None else abs(self.more)

    @property
    def percent(self) -> Decimal | None:
        """By how much of what it was, without its direction."""
        return 100 * self.size / abs(self.before) if self.size is not None and self.before else None

    @property
    def direction(self) -> str:
        """more, less, same; "" where there is nothing to compare."""
        if self.more is None:
            return ""
        return "more" if self.more > 0 else "less" if self.more < 0 else "same"


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one currency, now and before."""

    currency: str
    now: Sum
    before: Sum

    @property
    def net(self) -> Compared:
        return Compared(self.now.net, self.before.net)

    @property
    def per_code(self) -> Compared:
        return Compared(self.now.per_code, self.before.per_code)

    @property
    def is_empty(self) -> bool:
        return not self.now.rentals and not self.before.rentals


@dataclass(frozen=True, slots=True)
class Group:
    """A line of the table: `name` for people, `value` for the address."""

    name: str
    value: str
    currency: str
    sum: Sum
    day: date | None = None  # of a group by days
    asks: Mapping[str, str] = field(default_factory=dict)  # in the address of its rentals

    @property
    def percent(self) -> Decimal | None:
        """Its success rate."""
        return None if self.sum.success is None else 100 * self.sum.success


@dataclass(frozen=True)
class Sheet:
    """All that the page shows, of one moment."""

    asked: Asked
    team: Team
    lines: Mapping[str, list[Line]]
    names: Mapping[str, str] = field(default_factory=dict)  # of the groups' values

    @cached_property
    def totals(self) -> list[Totals]:
        """By currency; only where there was something."""
        now, before = _by_currency(self.lines["steps"]), _by_currency(self.lines["before"])
        found = [
            Totals(c, now.get(c, Sum()), before.get(c, Sum())) for c in sorted({*now, *before})
        ]
        return [each for each in found if not each.is_empty]

    @property
    def currencies(self) -> list[str]:
        return sorted({line.currency for line in self.lines["steps"]})

    @cached_property
    def rentals(self) -> Compared:
        return self._counted("rentals")

    @cached_property
    def received(self) -> Compared:
        return self._counted("received")

    @cached_property
    def success(self) -> Compared:
        """In percent."""
        now, before = self._now.success, self._before.success
        return Compared(
            None if now is None else 100 * now, None if before is None else 100 * before
        )

    @cached_property
    def any(self) -> bool:
        return any(line.sum.rentals for line in self.lines["steps"])

    @cached_property
    def money_charts(self) -> list[MoneyChart]:
        return [MoneyChart(c, self.asked.period, self._of(c)) for c in self.currencies]

    @cached_property
    def success_chart(self) -> SuccessChart:
        return SuccessChart(self.asked.period, self.lines["steps"])

    @cached_property
    def services_charts(self) -> list[ServicesChart]:
        found = []
        for currency in self.currencies:
            sums = {g.value: g.sum for g in self.lines["services"] if g.currency == currency}
            found.append(ServicesChart(currency, sums))
        return found

    @cached_property
    def reported(self) -> Reported | MissingRate | None:
        """All of it in the team's reporting currency; None where it is in that one anyway."""
        nets: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
        for line in self.lines.get("days", []):
            if line.day is not None and line.sum.net:
                nets[line.day, line.currency] += line.sum.net
        if {currency for _day, currency in nets} <= {self.team.reporting_currency}:
            return None
        try:
            return convert_days(self.team, nets)
        except MissingRate as missing:
            return missing

    @cached_property
    def groups(self) -> list[Group]:
        found = [
            Group(
                self._name(line),
                _value(line),
                line.currency,
                line.sum,
                self._day(line),
                self._asks(line),
            )
            for line in self.lines["groups"]
        ]
        return _in_order(found, self.asked)

    @cached_property
    def shown(self) -> list[Group]:
        start = (self.page - 1) * PAGE
        return self.groups[start : start + PAGE]

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.groups) // PAGE))

    @property
    def page(self) -> int:
        return min(max(self.asked.page, 1), self.pages)

    @property
    def previous(self) -> int:
        return self.page - 1

    @property
    def next(self) -> int:
        return self.page + 1

    def _name(self, line: Line) -> str:
        if line.day is not None:
            shape = "F Y" if self.asked.group == "month" else "j M Y"
            return formats.date_format(line.day, shape)
        if self.asked.group == "outcome":
            return str(SpendOutcome(line.value).label)
        if self.asked.group == "purpose" and not line.value:
            return _("Without a purpose")
        return self.names.get(line.value, line.value)

    def _asks(self, line: Line) -> dict[str, str]:
        """What leads from the page's own address to the rentals of a line."""
        if line.day is None:
            value = line.value or (NO_PURPOSE if self.asked.group == "purpose" else "")
            return {self.asked.group: value, "currency": line.currency}
        days = self.asked.period.of(line.day, self.asked.group)
        first, last = days.first.isoformat(), days.last.isoformat()
        return {"period": CUSTOM, "from": first, "to": last, "currency": line.currency}

    def _day(self, line: Line) -> date | None:
        return line.day if self.asked.group == "day" else None

    def _of(self, currency: str) -> list[Line]:
        return [line for line in self.lines["steps"] if line.currency == currency]

    @cached_property
    def _now(self) -> Sum:
        return total(line.sum for line in self.lines["steps"])

    @cached_property
    def _before(self) -> Sum:
        return total(line.sum for line in self.lines["before"])

    def _counted(self, what: str) -> Compared:
        now, before = getattr(self._now, what), getattr(self._before, what)
        return Compared(Decimal(now), Decimal(before))


def sheet(asked: Asked, team: Team, accounts: Sequence[ProviderAccount]) -> Sheet:
    """Reads everything, whatever there is of it, in at most three statements; `accounts` are the
    team's."""
    parts = _parts(asked)
    if {account.currency for account in accounts} - {team.reporting_currency}:
        parts.append(Part("days", asked.period, step="day"))
    lines = reading.read(asked.narrowed, parts)
    if asked.group == "service":
        lines["services"] = lines["groups"]
    return Sheet(asked, team, lines, _names(asked.group, lines["groups"], accounts))


def _parts(asked: Asked) -> list[Part]:
    period, group = asked.period, asked.group
    parts = [
        Part("steps", period, step=period.step, by_outcome=True),
        Part("before", period.before),
        Part("groups", period, step=group)
        if group in ("day", "month")
        else Part("groups", period, group=group),
    ]
    if group != "service":
        parts.append(Part("services", period, group="service"))
    return parts


def _names(
    group: str, lines: Iterable[Line], accounts: Iterable[ProviderAccount]
) -> dict[str, str]:
    if group == "member":
        named = User.objects.names(int(line.value) for line in lines)
        return {str(pk): name for pk, name in named}
    if group == "account":
        return {str(account.pk): account.label for account in accounts}
    return {}


def _by_currency(lines: Iterable[Line]) -> dict[str, Sum]:
    sums: dict[str, Sum] = defaultdict(Sum)
    for line in lines:
        sums[line.currency] += line.sum
    return sums


def _value(line: Line) -> str:
    return line.value if line.day is None else line.day.isoformat()


def _in_order(groups: list[Group], asked: Asked) -> list[Group]:
    """By name at last, so that an order is whole; what has no figure stands at the end."""
    by_time = asked.group in ("day", "month")
    sort = asked.sort or ("-name" if by_time else "-rentals")
    key, down = sort.removeprefix("-"), sort.startswith("-")
    groups = sorted(groups, key=lambda each: (each.name.casefold(), each.value, each.currency))
    if key == "name":
        groups.sort(key=lambda g: g.value if by_time else g.name.casefold(), reverse=down)
        return groups
    known = [each for each in groups if _figure(each, key) is not None]
    known.sort(key=lambda each: _figure(each, key), reverse=down)
    if key in ("charged", "refunded", "net", "per_code", "held"):
        known.sort(key=lambda each: each.currency)
    return known + [each for each in groups if _figure(each, key) is None]


def _figure(group: Group, key: str) -> Any:
    return getattr(group.sum, key)
