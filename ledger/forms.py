"""What finance fills in. What it says is checked by the operations."""

import uuid
from datetime import date
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.amounts import AmountField
from accounts.currencies import CURRENCIES
from accounts.models import ProviderAccount, Team, User
from accounts.states import Role
from ledger.models import ReconciliationException
from ledger.operations.balance.matches import Part
from ledger.operations.rates import Rate
from ledger.operations.resolving import outcomes
from ledger.queries.exceptions import PARTS

FILE_LIMIT: Final = 1_000_000  # bytes
PART: Final = AmountField(
    max_digits=18,
    decimal_places=4,
    error_messages={"required": _("Say how much of it each was."), "invalid": _("No amount.")},
)
WHY = {"required": _("Say why. It is kept with your name.")}


def _line(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", **attributes})


def finance_people(team: Team) -> list[User]:
    held = team.memberships.filter(roles__contains=[Role.FINANCE], user__is_active=True)
    people = held.select_related("user").order_by("user__name", "user__email")
    return [membership.user for membership in people]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=_line(), error_messages=WHY)


class ResolveForm(ReasonForm):
    """What an exception was, of what it can have been."""

    outcome = forms.ChoiceField(
        label=_("It was"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it was.")},
    )
    field_order = ("outcome", "reason")

    def __init__(self, data: Any = None, *, exception: ReconciliationException) -> None:
        super().__init__(data, auto_id=f"resolve-{exception.pk}-%s")
        choices = [(each.value, each.label) for each in outcomes(exception)]
        field = self.fields["outcome"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = choices
        if len(choices) == 1:
            field.initial = choices[0][0]


NOBODY = "nobody"


class AssignForm(forms.Form):
    """Who takes an exception; nobody, where nothing is chosen. An undo also says `instead_of`
    whom: a person's number, or NOBODY."""

    to = forms.TypedChoiceField(
        label=_("Assigned to"), required=False, coerce=int, empty_value=None
    )
    instead_of = forms.RegexField(rf"^({NOBODY}|[0-9]{{1,18}})$", required=False)

    def __init__(self, data: Any = None, *, exception: ReconciliationException, team: Team) -> None:
        super().__init__(
            data,
            auto_id=f"assign-{exception.pk}-%s",
            initial={"to": exception.assigned_to_id or ""},
        )
        self.people = {person.pk: person for person in finance_people(team)}
        field = self.fields["to"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101 - narrows the type
        people = [(str(pk), str(person)) for pk, person in self.people.items()]
        field.choices = [("", _("Nobody")), *people]

    @property
    def person(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])

    @property
    def is_undo(self) -> bool:
        return bool(self.cleaned_data["instead_of"])

    @property
    def expected(self) -> int | None:
        """Whom an undo takes it back from."""
        said = self.cleaned_data["instead_of"]
        return None if said == NOBODY else int(said)


class MatchForm(ReasonForm):
    """What a row is: "transfer:12" or "refund:7"."""

    claim = forms.RegexField(
        r"^(transfer|refund):[0-9]{1,18}$",
        error_messages={
            "required": _("Choose what the row is."),
            "invalid": _("Choose what the row is."),
        },
    )

    def clean_claim(self) -> tuple[str, int]:
        what, _colon, pk = str(self.cleaned_data["claim"]).partition(":")
        return what, int(pk)


class PartsForm(ReasonForm):
    """What a change of the balance was: each `part` that is ticked, with its amount."""

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.entered = entered(data)

    def clean(self) -> dict[str, Any]:
        cleaned = {**self.cleaned_data, "parts": []}
        for what, amount in self.entered.items():
            try:
                cleaned["parts"].append(Part(what, PART.clean(amount)))
            except forms.ValidationError as error:
                self.add_error(None, error)
        return cleaned


def entered(data: QueryDict) -> dict[str, str]:
    """The parts that are ticked in a form or an address, with what is entered for each."""
    ticked = [what[:80] for what in data.getlist("part") if "\0" not in what]
    return {what: data.get(f"amount-{what}", "").strip()[:40] for what in ticked[: PARTS + 1]}


class DepositForm(forms.Form):
    """`request_key` makes a double click one deposit."""

    amount = AmountField(
        label=_("Amount"),
        max_digits=18,
        decimal_places=4,
    )
    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(
        label=_("Where it comes from"),
        max_length=500,
        widget=_line(),
        help_text=_("A bank transfer’s reference, say. It is kept with your name."),
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(
            data,
            auto_id="deposit-%s",
            initial={"day": today, "request_key": uuid.uuid4()},
        )


class CloseForm(forms.Form):
    """How a month is closed. What is asked for depends on what is open (`ledger.queries.months`).

    The tick's name holds what it is about, so one for another list is none.
    """

    follows_up = forms.TypedChoiceField(
        label=_("Who follows up what nobody has"), required=False, coerce=int, empty_value=None
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=_line())

    def __init__(self, data: Any = None, *, team: Team, open_mark: str) -> None:
        super().__init__(data)
        self._open_mark = open_mark
        self.people = {person.pk: person for person in finance_people(team)}
        people = [(str(pk), str(person)) for pk, person in self.people.items()]
        field = self.fields["follows_up"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101 - narrows the type
        field.choices = [("", "–"), *people]  # noqa: RUF001
        if not open_mark:
            del self.fields["follows_up"]
            return
        self.fields[f"knows-{open_mark}"] = forms.BooleanField(
            label=_("I know what is open, and close the month all the same"), required=False
        )
        self.order_fields([f"knows-{open_mark}"])

    @property
    def known(self) -> str:
        """The mark of what is open, where the tick says that they know it."""
        return self._open_mark if self.cleaned_data.get(f"knows-{self._open_mark}") else ""

    @property
    def person(self) -> User | None:
        chosen: int | None = self.cleaned_data.get("follows_up")
        return self.people.get(chosen) if chosen else None


class RateForm(forms.Form):
    day = forms.DateField(
        label=_("From the day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    currency = forms.ChoiceField(label=_("Convert from"))
    into = forms.ChoiceField(label=_("Convert to"))
    rate = AmountField(
        label=_("Rate"),
        help_text=_("What one unit of the first is worth in the second."),
        error_messages={"invalid": _("The rate must be a number above 0.")},
    )
    source = forms.CharField(label=_("Source"), max_length=200, required=False, widget=_line())

    def __init__(self, data: Any = None, *, team: Team, today: date) -> None:
        used = set(ProviderAccount.objects.filter(team=team).values_list("currency", flat=True))
        own = team.reporting_currency
        super().__init__(
            data,
            initial={"day": today, "into": own, "currency": next(iter(sorted(used - {own})), "")},
        )
        codes = [(code, code) for code in sorted(CURRENCIES, key=lambda c: (c not in used, c))]
        for name in ("currency", "into"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
            field.choices = codes

    @property
    def wanted(self) -> Rate:
        said = self.cleaned_data
        return Rate(
            day=said["day"],
            currency=said["currency"],
            into=said["into"],
            rate=said["rate"],
            source=said["source"],
        )


class CorrectionForm(ReasonForm):
    """What a day's rate should have been, and why it is not what was entered."""

    rate = AmountField(
        label=_("It should be"),
        error_messages={"invalid": _("The rate must be a number above 0.")},
    )
    field_order = ("rate", "reason")


class RateFileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_("With the columns day, currency, into, rate, and source if you have one."),
    )

    def clean_file(self) -> str:
        """The file's text."""
        file = self.cleaned_data["file"]
        if file.size > FILE_LIMIT:
            raise forms.ValidationError(_("The file is larger than 1 MB. Divide it."))
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("The file is not in UTF-8.")) from error
