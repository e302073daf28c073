"""What of the audit log is asked for, as the address says it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.actions import Action, Family
from accounts.models import AuditEvent, Membership, Team, User
from accounts.pages.filtering import DAY, SEARCH, FilterForm
from accounts.pages.widgets import Choices
from accounts.states import Role
from accounts.trail import objects as trail_objects
from accounts.trail.entries import Wanted


class TrailForm(FilterForm):
    q = forms.CharField(label=_("Search"), required=False, max_length=100, widget=SEARCH)
    since = forms.DateField(label=_("From"), required=False, widget=DAY)
    until = forms.DateField(label=_("To"), required=False, widget=DAY)
    person = forms.ModelChoiceField(
        label=_("Who"),
        required=False,
        queryset=User.objects.none(),
        empty_label=_("Anybody"),
        widget=Choices,
    )
    family = forms.ChoiceField(label=_("Kind of action"), required=False, widget=Choices)
    action = forms.ChoiceField(label=_("Action"), required=False, widget=Choices)
    kind = forms.ChoiceField(label=_("About"), required=False, widget=Choices)
    number = forms.CharField(
        label=_("Its number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    address = forms.GenericIPAddressField(
        label=_("Address"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"invalid": _("An address is such as 192.0.2.1 or 2001:db8::1.")},
    )

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data)
        all_of_it = membership.has(Role.ADMIN)
        actions = [each for each in Action if all_of_it or each.is_money]
        families = [each for each in Family if any(a.family == each for a in actions)]
        self._choices("family", _("Any kind"), [(f.value, f.label) for f in families])
        self._choices("action", _("Any action"), [(a.value, a.label) for a in actions])
        self._choices("kind", _("Anything"), trail_objects.kinds())
        self.fields["person"].queryset = _people(membership.team)  # type: ignore[attr-defined]

    def clean_until(self) -> Any:
        since, until = self.cleaned_data.get("since"), self.cleaned_data["until"]
        if since and until and until < since:
            raise ValidationError(_("The last day is before the first."))
        return until

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip().removeprefix("#")
        if number and not self.cleaned_data.get("kind"):
            raise ValidationError(_("Choose what it is the number of, under About."))
        return number

    @property
    def wanted(self) -> Wanted:
        """Of a form that is valid."""
        said = dict(self.cleaned_data)
        return Wanted(words=said.pop("q"), **said)

    def _choices(self, name: str, empty: Any, choices: list[Any]) -> None:
        self.fields[name].choices = [("", empty), *choices]  # type: ignore[attr-defined]


def trail_problems(query: QueryDict, membership: Membership) -> list[str]:
    """What is wrong with what an address asks of the log, for this member."""
    form = TrailForm(query, membership=membership)
    return [] if form.is_valid() else form.problems


def _people(team: Team) -> QuerySet[User]:
    """Whoever did something in the team, also those who left it."""
    theirs = AuditEvent.objects.filter(team=team, actor=OuterRef("pk"))
    return User.objects.filter(Exists(theirs)).order_by("name", "email")
