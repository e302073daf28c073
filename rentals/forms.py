"""Forms of the board and the rental's page."""

import uuid
from decimal import Decimal

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from ledger.states import FindingKind
from rentals.models import Offer, Policy, Rental
from rentals.policy import PurposeRule, example
from rentals.queries import offers_of


class RentForm(forms.Form):
    """Which offer, and what is wished of it. `request_key` makes a double click one rental."""

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
    def fresh(cls, team: Team) -> "RentForm":
        """An empty form with a key of its own."""
        return cls(team=team, initial={"request_key": uuid.uuid4()})


KEPT = {"hx-preserve": "true", "autocomplete": "off"}  # the page around it is read again


class DecideForm(forms.Form):
    """How a doubt ended, by what the provider's own pages or people say."""

    outcome = forms.ChoiceField(
        label=_("What does the provider say?"),
        choices=[
            (FindingKind.CHARGED, _("It was charged")),
            (FindingKind.NOT_CHARGED, _("It was not charged")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    amount = forms.DecimalField(
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
    number = forms.BooleanField(label=_("Remove the phone number too"), required=False)

    def __init__(self, sent: QueryDict | None = None) -> None:
        super().__init__(sent, auto_id="purge-%s")  # one of several reasons on the page


class ShowCodeForm(forms.Form):
    """Why an admin looks at somebody else's code."""

    reason = forms.CharField(
        label=_("Why do you need to see it?"),
        max_length=500,
        # The page around it is read again whenever the rental changes.
        widget=forms.TextInput(attrs={"hx-preserve": "true", "autocomplete": "off"}),
        error_messages={"required": _("Say why. It is kept with your name.")},
    )
