"""What the address of the health page asks of the sums, and the table that answers it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ProviderAccount, Team
from accounts.pages.widgets import Choices
from providers.registry import provider
from rentals.heads import Head, sort_head
from rentals.models import Offer
from rentals.quality import reading
from rentals.quality.reading import Narrowed, Rate

PERIODS: Final = {
    "7-days": (7, gettext_lazy("7 days")),
    "30-days": (30, gettext_lazy("30 days")),
    "90-days": (90, gettext_lazy("90 days")),
}
GROUPS: Final = {
    "service": gettext_lazy("Service"),
    "provider": gettext_lazy("Provider"),
    "account": gettext_lazy("Account"),
    "carrier": gettext_lazy("Carrier"),
    "area": gettext_lazy("Area code"),
}
FILTERS: Final = ("account", "service", "carrier", "area")
NONE_GIVEN: Final = "-"  # in the address: no carrier or no area code was asked for
SORTS: Final = ("name", "rentals", "success", "median")


@dataclass(frozen=True)
class Names:
    """What the values of the sums are called."""

    accounts: Sequence[ProviderAccount]
    services: Mapping[str, str]

    def name(self, group: str, value: str) -> str:
        if group == "service":
            return self.services.get(value, value)
        if group in ("account", "provider"):
            account = next((a for a in self.accounts if str(a.pk) == value), None)
            if account is None:
                return value
            return account.label if group == "account" else provider(account.provider).name
        return value or _("none asked for")

    def of(self, group: str) -> Callable[[str], str]:
        return lambda value: self.name(group, value)


class RatesForm(forms.Form):
    period = forms.ChoiceField(
        label=gettext_lazy("Days"),
        required=False,
        choices=[(key, title) for key, (_days, title) in PERIODS.items()],
        widget=Choices,
    )
    by = forms.ChoiceField(
        label=gettext_lazy("By"), required=False, choices=list(GROUPS.items()), widget=Choices
    )
    account = forms.ChoiceField(label=GROUPS["account"], required=False, widget=Choices)
    service = forms.ChoiceField(label=GROUPS["service"], required=False, widget=Choices)
    carrier = forms.ChoiceField(label=GROUPS["carrier"], required=False, widget=Choices)
    area = forms.ChoiceField(label=GROUPS["area"], required=False, widget=Choices)

    def __init__(self, data: Any, *, team: Team, today: date) -> None:
        super().__init__(data)
        self.team = team
        self.today = today
        for group in FILTERS:
            values = self._choices[group]
            named = [(value or NONE_GIVEN, self.names.name(group, value)) for value in values]
            field = self.fields[group]
            field.choices = [("", _("All")), *named]  # type: ignore[attr-defined]

    @cached_property
    def _choices(self) -> Mapping[str, list[str]]:
        widest = max(days for days, _title in PERIODS.values())
        return reading.choices(self.team.pk, self._first(widest))

    @cached_property
    def names(self) -> Names:
        offers = Offer.objects.filter(
            account__team=self.team, service_code__in=self._choices["service"]
        )
        services = dict(offers.order_by("read_at").values_list("service_code", "name"))
        return Names(list(self.team.provider_accounts.order_by("label")), services)

    @property
    def any(self) -> bool:
        """Whether there is anything to tell of at all."""
        return bool(self._choices["account"])

    @property
    def group(self) -> str:
        return self.cleaned_data["by"] or "service"

    @property
    def narrowed(self) -> Narrowed:
        """Of a form that is valid."""
        days, _title = PERIODS[self.cleaned_data["period"] or "7-days"]
        only: dict[str, str | int] = {}
        for group in FILTERS:
            if value := self.cleaned_data[group]:
                only[group] = "" if value == NONE_GIVEN else value
        return self._days(days, only)

    @property
    def narrows(self) -> bool:
        return any(self.data.get(name) for name in FILTERS)

    def _days(self, days: int, only: Mapping[str, str | int] | None = None) -> Narrowed:
        return Narrowed(self.team.pk, self._first(days), self.today, only or {})

    def _first(self, days: int) -> date:
        return self.today - timedelta(days - 1)


def sheet(form: RatesForm, sort: str) -> list[Rate]:
    """The rates that a valid form asks for, in the order of `sort`."""
    column = "account" if form.group == "provider" else form.group
    found = reading.rates(form.narrowed, column, form.names.of(form.group))
    key, down = _order(sort)
    found.sort(key=lambda rate: rate.name.casefold())
    if key == "name":
        return found[::-1] if down else found
    told = [rate for rate in found if getattr(rate, key) is not None]
    told.sort(key=lambda rate: getattr(rate, key), reverse=down)
    return [*told, *(rate for rate in found if getattr(rate, key) is None)]


def columns(form: RatesForm, sort: str) -> list[Head]:
    titles = {
        "name": str(GROUPS[form.group]) if form.is_valid() else _("Service"),
        "rentals": _("Rentals"),
        "success": _("Success"),
        "median": _("Median time to code"),
    }
    by, down = _order(sort)
    order = f"-{by}" if down else by
    return [
        sort_head(title, key, order, down=key not in ("name", "median"), number=key != "name")
        for key, title in titles.items()
    ]


def _order(sort: str) -> tuple[str, bool]:
    """The column and whether downwards; the most rentals first where it is no column."""
    key = sort.removeprefix("-")
    return (key, sort.startswith("-")) if key in SORTS else ("rentals", True)
