"""Forms of the board and the rental's page."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.amounts import AmountField
from accounts.models import Team
from accounts.states import Role
from ledger.states import FindingKind
from rentals.board.habits import Habits
from rentals.models import Budget, Offer, Policy, Rental
from rentals.operations.budgeting import Plan, Terms, currencies_paid_in
from rentals.policy import PurposeRule, example
from rentals.queries import offers_of
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope


class RentForm(forms.Form):
    """Which offer, and what is wished of it. `request_key` makes a double click one rental;
    `over` is the budget that had no room for it."""

    over: Budget | None = None

    offer = forms.ModelChoiceField(
        Offer.objects.none(),
        error_messages={
            "required": _("Choose a service first."),
            "invalid_choice": _("This offer is gone from the catalogue. Choose another."),
        },
    )
    area_code = forms.CharField(label=_("Area code"), max_length=10, required=False)
    carrier = forms.CharField(label=_("Carrier"), max_length=40, required=False)
    wanted_number = forms.CharField(label=_("Wanted number"), max_length=20, required=False)
    purpose = forms.CharField(label=_("Purpose"), max_length=200, required=False)
    request_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "required": _("The form was incomplete. Reload the page and try again."),
            "invalid": _("The form was incomplete. Reload the page and try again."),
        },
    )

    def __init__(self, *args: object, team: Team, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        offer = self.fields["offer"]
        assert isinstance(offer, forms.ModelChoiceField)  # noqa: S101 - narrows the type
        offer.queryset = offers_of(team)
        self.terms = Policy.of(team.pk).terms
        self._ask_purpose(self.fields["purpose"])

    def _ask_purpose(self, purpose: forms.Field) -> None:
        """As the team's rules have it. What they refuse is for the operation to say."""
        match self.terms.purpose_rule:
            case PurposeRule.LISTED:
                choices = [("", _("Choose one")), *((each, each) for each in self.terms.purposes)]
                purpose.widget = forms.Select(choices=choices)
            case PurposeRule.TICKET:
                examples = str(_(" or ")).join(map(example, self.terms.tickets[:3]))
                purpose.help_text = _("A ticket, such as %(ticket)s") % {"ticket": examples}
                purpose.widget.attrs |= {"autocapitalize": "off", "spellcheck": "false"}
        if self.terms.needs_purpose:
            purpose.widget.attrs["required"] = True

    @classmethod
    def fresh(cls, team: Team, last: Habits) -> "RentForm":
        """A form with a key of its own, and with what was wished last. No offer is chosen in it,
        so that the second half of a double click rents nothing."""
        wishes = {"area_code": last.area_code, "carrier": last.carrier}
        return cls(team=team, initial={"request_key": uuid.uuid4(), **wishes})


# The page around a form is read again whenever its rental changes.
CHOICE_KEPT = {"hx-preserve": "true"}
KEPT = {**CHOICE_KEPT, "autocomplete": "off"}


class DecideForm(forms.Form):
    """How a doubt ended, by what the provider's own pages or people say."""

    outcome = forms.ChoiceField(
        label=_("What does the provider say?"),
        choices=[
            (FindingKind.CHARGED, _("It was charged")),
            (FindingKind.NOT_CHARGED, _("It was not charged")),
        ],
        widget=forms.RadioSelect(attrs=CHOICE_KEPT),
        error_messages={"required": _("Choose one.")},
    )
    amount = AmountField(
        label=_("Amount charged"),
        required=False,
        max_digits=18,
        decimal_places=4,
        min_value=0,
        widget=forms.TextInput(attrs={**KEPT, "inputmode": "decimal"}),
    )
    activation_id = forms.CharField(
        label=_("Activation, if the provider shows one"),
        help_text=_("With it the rental goes on, and its code can still come."),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs=KEPT),
    )
    reason = forms.CharField(
        label=_("How do you know?"),
        max_length=500,
        widget=forms.TextInput(attrs=KEPT),
        error_messages={"required": _("Say why. It is kept with your name.")},
    )

    @classmethod
    def fresh(cls, rental: Rental) -> "DecideForm":
        """With the price that was held."""
        return cls(initial={"amount": plain(rental.price)})


def plain(amount: Decimal) -> str:
    """The figure with two decimals, or the three or four that it really has."""
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount.normalize():f}"


class PurgeForm(forms.Form):
    """Why an admin removes what came for a rental."""

    reason = forms.CharField(
        label=_("Why is it removed?"),
        max_length=500,
        widget=forms.TextInput(attrs=KEPT),
        error_messages={"required": _("Say why. It is kept with your name.")},
    )
    number = forms.BooleanField(
        label=_("Remove the phone number too"),
        required=False,
        widget=forms.CheckboxInput(attrs=CHOICE_KEPT),
    )

    def __init__(self, sent: QueryDict | None = None) -> None:
        super().__init__(sent, auto_id="purge-%s")  # one of several reasons on the page


class ShowCodeForm(forms.Form):
    """Why an admin looks at somebody else's code."""

    reason = forms.CharField(
        label=_("Why do you need to see it?"),
        max_length=500,
        widget=forms.TextInput(attrs=KEPT),
        error_messages={"required": _("Say why. It is kept with your name.")},
    )


class TermsForm(forms.Form):
    """What of a budget can be changed; `version` is of the one that was looked at."""

    amount = AmountField(
        label=_("Amount"),
        max_digits=16,
        decimal_places=4,
        error_messages={"required": _("Say how much."), "invalid": _("No amount.")},
    )
    warn_share = forms.IntegerField(
        label=_("Warn at (percent)"),
        min_value=1,
        max_value=100,
        initial=80,
        help_text=_("From this share on it is shown as nearly used up."),
    )
    active_to = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Without one it goes on until you end it."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, budget: Budget, data: QueryDict | None) -> "TermsForm":
        return cls(
            data,
            initial={
                "amount": f"{budget.amount.normalize():f}",
                "warn_share": budget.warn_share,
                "active_to": budget.active_to,
                "version": budget.version,
            },
        )

    @property
    def terms(self) -> Terms:
        cleaned = self.cleaned_data
        return Terms(
            amount=cleaned["amount"],
            warn_share=cleaned["warn_share"],
            active_to=cleaned["active_to"],
        )


class BudgetForm(TermsForm):
    """A new budget: whose ("team", "each", "member:12", "purpose") and of what ("all:USD")."""

    whose = forms.ChoiceField(label=_("For"))
    purpose = forms.CharField(
        label=_("Purpose"),
        max_length=200,
        required=False,
        help_text=_("For a budget of a purpose: as it is written when a number is rented."),
    )
    period = forms.ChoiceField(
        label=_("Period"),
        choices=BudgetPeriod.choices,
        initial=BudgetPeriod.MONTH,
        help_text=_("Days are the team’s; a week begins on Monday. Counted from its beginning."),
    )
    counts = forms.ChoiceField(label=_("Counts"))
    active_from = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = (
        "whose",
        "purpose",
        "period",
        "counts",
        "amount",
        "warn_share",
        "active_from",
        "active_to",
    )

    def __init__(self, data: QueryDict | None = None, *, team: Team, today: date) -> None:
        super().__init__(data, initial={"active_from": today})
        del self.fields["version"]
        held = team.memberships.filter(roles__overlap=[Role.MEMBER, Role.ADMIN])
        people = held.select_related("user").order_by("user__name", "user__email")
        self.people = {f"member:{each.user_id}": each.user for each in people}
        self._choose("whose", self._whose())
        self._choose("counts", _countable(team))

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = choices

    def _whose(self) -> list[tuple[Any, Any]]:
        named = [(value, str(person)) for value, person in self.people.items()]
        return [
            (BudgetScope.TEAM.value, BudgetScope.TEAM.label),
            (BudgetScope.EACH.value, BudgetScope.EACH.label),
            (BudgetScope.PURPOSE.value, BudgetScope.PURPOSE.label),
            (BudgetScope.MEMBER.label, named),
        ]

    @property
    def plan(self) -> Plan:
        cleaned = self.cleaned_data
        counts, _colon, currency = cleaned["counts"].partition(":")
        return Plan(
            scope=BudgetScope(cleaned["whose"].partition(":")[0]),
            member=self.people.get(cleaned["whose"]),
            purpose=cleaned["purpose"],
            period=BudgetPeriod(cleaned["period"]),
            counts=BudgetCounts(counts),
            currency=currency,
            active_from=cleaned["active_from"],
        )


def _countable(team: Team) -> list[tuple[Any, Any]]:
    everything = _("Everything, told in %(currency)s")
    paid = _("Only what is paid in %(currency)s")
    return [
        (f"all:{team.reporting_currency}", everything % {"currency": team.reporting_currency}),
        *((f"own:{code}", paid % {"currency": code}) for code in currencies_paid_in(team)),
    ]


class AskForm(forms.Form):
    """How much more, and why."""

    amount = AmountField(
        label=_("How much more"),
        max_digits=16,
        decimal_places=4,
        error_messages={"required": _("Say how much."), "invalid": _("No amount.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("An admin decides by it, and it is kept. No phone number or code, please."),
        error_messages={"required": _("Say what it is for: an admin decides by that.")},
    )


class DecisionForm(forms.Form):
    """The button that was pressed, and a note for whoever asked."""

    APPROVE, DECLINE = "approve", "decline"

    decision = forms.ChoiceField(
        choices=[(APPROVE, _("Approve")), (DECLINE, _("Decline"))],
        error_messages={"required": _("Choose one: approve or decline.")},
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
