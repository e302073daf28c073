"""The form with which an admin sets the team's policy."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.amounts import AmountField
from accounts.models import Team
from providers.registry import PROVIDERS, provider
from rentals.models import Policy
from rentals.operations.policy import LONGEST_KEPT, Settings
from rentals.policy import BadTerms, PurposeRule, Terms

AMOUNT = "highest_"
UNKNOWN = _("The form was incomplete. Reload the page and try again.")


def currencies() -> list[str]:
    """Those of all providers' wallets."""
    return sorted({provider(code).currency for code in PROVIDERS})


class Lines(forms.CharField):
    """Several values, one a line."""

    def __init__(self, **options: Any) -> None:
        attributes = {"rows": 4, "spellcheck": "false", "autocapitalize": "off"}
        super().__init__(required=False, widget=forms.Textarea(attrs=attributes), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value


class PolicyForm(forms.Form):
    """`version` is of the policy that was looked at."""

    services = Lines(
        label=_("Services allowed"),
        help_text=_("By name as on the board, one a line. Empty: all of them."),
    )
    purpose_rule = forms.ChoiceField(
        label=_("Purpose"), choices=PurposeRule.choices, widget=forms.RadioSelect
    )
    purposes = Lines(label=_("Purposes to choose from"), help_text=_("For a list, one a line."))
    tickets = Lines(
        label=_("Tickets"),
        help_text=_(
            "Patterns, one a line. # stands for a number, ### for exactly three digits: QA-# takes "
            "QA-7 and QA-1204. All else stands for itself."
        ),
    )
    most_live = forms.IntegerField(
        label=_("Live rentals a member may have at once"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=_("Empty: any number. One in doubt counts, because it may be paid for."),
    )
    auto_cancel = forms.BooleanField(
        label=_("Cancel a rental before it ends empty"),
        required=False,
        help_text=_(
            "Shortly before its time is up and after a last look, so that the provider refunds it."
        ),
    )
    shares_board = forms.ChoiceField(
        label=_("Who sees the others’ rentals and codes"),
        choices=[
            ("", _("Nobody: each member sees their own, and admins see all")),
            ("on", _("Everyone who rents")),
        ],
        required=False,
        widget=forms.RadioSelect,
    )

    keep_days = forms.IntegerField(
        label=_("Days for which texts and codes are kept"),
        required=False,
        min_value=1,
        max_value=LONGEST_KEPT,
        help_text=_(
            "Then they are removed for good, also those that are there already. What was rented, "
            "when and for how much stays. Empty: they are kept."
        ),
    )
    purges_numbers = forms.BooleanField(
        label=_("Remove phone numbers too"),
        required=False,
        help_text=_("As many days after a rental’s end."),
    )
    version = forms.IntegerField(
        widget=forms.HiddenInput, error_messages={"required": UNKNOWN, "invalid": UNKNOWN}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for currency in currencies():
            self.fields[AMOUNT + currency] = AmountField(
                label=_("Highest price, in %(currency)s") % {"currency": currency},
                required=False,
                min_value=0,
                max_digits=13,
                decimal_places=4,
                help_text=_("Of one rental. Empty: any price."),
            )
        self.order_fields(["services", *(AMOUNT + currency for currency in currencies())])

    @classmethod
    def of(cls, team: Team, sent: Any = None) -> "PolicyForm":
        """As the team has it, or as it was sent."""
        policy = Policy.of(team.pk)
        team = policy.team  # as it is after its version was read, never before
        terms = policy.terms
        prices = {AMOUNT + code: amount for code, amount in terms.highest.items()}
        kept = {name: getattr(terms, name) for name in cls.base_fields if hasattr(terms, name)}
        settings = {
            "auto_cancel": team.auto_cancel,
            "shares_board": "on" if team.shares_board else "",
            "keep_days": policy.keep_days,
            "purges_numbers": policy.purges_numbers,
            "version": policy.version,
        }
        return cls(sent, initial=kept | prices | settings)

    @property
    def terms(self) -> Terms:
        """What was sent; the form must be valid."""
        sent = self.cleaned_data
        return Terms(
            services=tuple(sent["services"].splitlines()),
            highest=dict(self._prices()),
            purpose_rule=PurposeRule(sent["purpose_rule"]),
            purposes=tuple(sent["purposes"].splitlines()),
            tickets=tuple(sent["tickets"].splitlines()),
            most_live=sent["most_live"],
        )

    @property
    def settings(self) -> Settings:
        """The same, of what is no rule for renting."""
        sent = self.cleaned_data
        return Settings(
            shares_board=sent["shares_board"] == "on",
            auto_cancel=sent["auto_cancel"],
            keep_days=sent["keep_days"],
            purges_numbers=sent["purges_numbers"],
        )

    def refuse(self, refused: BadTerms) -> None:
        """Say it beside the field that it is about."""
        self.add_error(refused.field if refused.field in self.fields else None, str(refused))

    def _prices(self) -> Iterator[tuple[str, Decimal]]:
        for currency in currencies():
            amount = self.cleaned_data[AMOUNT + currency]
            if amount is not None:
                yield currency, amount
