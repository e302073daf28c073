"""Forms of alerts."""

from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from accounts.amounts import AmountField
from accounts.models import ProviderAccount
from alerts.models import MailChoice
from alerts.operations.limits import Limits, OfWallet
from alerts.states import How, Kind


class LimitsForm(forms.Form):
    """A team's limits, with two amounts for each of its wallets: `low_3`, `fall_3`."""

    doubt_minutes = forms.IntegerField(
        label=_("Minutes that a rental may be in doubt"), min_value=1, max_value=1440
    )
    missed_codes = forms.IntegerField(
        label=_("Codes that no webhook brought"),
        min_value=1,
        max_value=100,
        help_text=_("As many, found by asking since the last webhook, are too many."),
    )

    def __init__(self, data: Any, *, accounts: list[ProviderAccount], limits: Limits) -> None:
        initial = {"doubt_minutes": limits.doubt_minutes, "missed_codes": limits.missed_codes}
        super().__init__(data, initial=initial)
        self.accounts = accounts
        for account in accounts:
            known = limits.wallets.get(account.pk, OfWallet())
            of = {"currency": account.currency}
            low = _("Low below (%(currency)s)") % of
            self.fields[f"low_{account.pk}"] = _amount(low, known.low)
            self.fields[f"fall_{account.pk}"] = _amount(
                _("Falls fast above (%(currency)s in an hour)") % of, known.fall
            )

    @property
    def general(self) -> list[BoundField]:
        return [self["doubt_minutes"], self["missed_codes"]]

    @property
    def of_wallets(self) -> list[tuple[ProviderAccount, list[BoundField]]]:
        return [
            (account, [self[f"low_{account.pk}"], self[f"fall_{account.pk}"]])
            for account in self.accounts
        ]

    @property
    def limits(self) -> Limits:
        """Of a form that is valid."""
        said = self.cleaned_data
        wallets = {
            account.pk: OfWallet(said[f"low_{account.pk}"], said[f"fall_{account.pk}"])
            for account in self.accounts
        }
        return Limits(wallets, said["doubt_minutes"], said["missed_codes"])


class EndpointForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text=_("Such as https://example.com/alerts. It must be on the public internet."),
    )


class MailForm(forms.Form):
    """What somebody wants by e-mail of each kind that may come to them."""

    digest_hour = forms.TypedChoiceField(
        label=_("Hour of the daily digest"),
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
        help_text=_("By your own clock, as your profile has it. A day without news has none."),
    )

    def __init__(self, data: Any, *, kinds: list[Kind], choice: MailChoice) -> None:
        super().__init__(data, initial={"digest_hour": choice.digest_hour})
        self.kinds = kinds
        for kind in kinds:
            self.fields[kind.value] = forms.ChoiceField(
                label=kind.label, choices=How.choices, initial=choice.of(kind)
            )
        self.order_fields([*(kind.value for kind in kinds), "digest_hour"])

    @property
    def how(self) -> dict[Kind, How]:
        """Of a form that is valid."""
        return {kind: How(self.cleaned_data[kind.value]) for kind in self.kinds}


def _amount(label: str, initial: Decimal | None) -> AmountField:
    return AmountField(
        label=label,
        required=False,
        min_value=Decimal("0.0001"),
        max_digits=18,
        decimal_places=4,
        initial=None if initial is None else f"{initial.normalize():f}",
    )
