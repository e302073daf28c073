"""What the filters of all lists share. They stand in the address, so that a list can be sent on."""

from datetime import date, datetime, time
from typing import Any, Final, override

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone

SEARCH: Final = forms.TextInput(attrs={"type": "search", "maxlength": 100})
DAY: Final = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    """A form by itself, or the form of a FilterSet; bound to the parameters of an address."""

    @property
    def narrows(self) -> bool:
        """Whether something is filtered at all."""
        return any(self.data.get(name) for name in self.fields)

    @property
    def problems(self) -> list[str]:
        """What is wrong, each with the field that it is about."""
        return [
            f"{self.fields[name].label}: {' '.join(map(str, errors))}"
            for name, errors in self.errors.items()
        ]

    @property
    def said(self) -> dict[str, str]:
        """The filters that are set, as the address has them."""
        return {name: self.data[name][:100] for name in self.fields if self.data.get(name)}


def midnight(day: date) -> datetime:
    """The start of a day in the zone of whoever looks."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def end_of(day: date) -> datetime:
    """Its last moment: the last day that there is has no next one."""
    return datetime.combine(day, time.max, tzinfo=timezone.get_current_timezone())


class FromDay(django_filters.DateFilter):  # type: ignore[misc]  # it has no types
    """Rows whose `field_name` is not before the start of a day."""

    def __init__(self, field_name: str, **options: Any) -> None:
        super().__init__(field_name, widget=DAY, **options)

    @override
    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__gte": midnight(value)}) if value else qs


class ToDay(FromDay):
    """Rows whose `field_name` is not after the end of a day."""

    @override
    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__lte": end_of(value)}) if value else qs
