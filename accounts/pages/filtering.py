"""What the filters of all lists share. They stand in the address, so that a list can be sent on."""

from datetime import date, datetime, time
from typing import Final

from django import forms
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
