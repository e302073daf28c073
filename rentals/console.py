"""The console: forms out of a provider's document, and what a call that changes something means.

A call that reads is sent as it is. One that rents, cancels or finishes becomes the ordinary
operation on an offer or a rental of ours, or is refused: what the book does not know of would be
money out of sight.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ConsoleRequest, Membership, ProviderAccount
from providers.calls import Call, Effect
from providers.documented import Documented, Means, Parameter
from providers.provider import Unsupported
from providers.reading import Unreadable
from rentals.models import Offer, Rental
from rentals.operations import (
    NotPossible,
    cancel_rental,
    finish_rental,
    request_rental,
)
from rentals.states import LIVE

SUGGESTED: Final = 50
LISTS: Final = {Means.SERVICE: "console-services", Means.ACTIVATION: "console-activations"}
KEY_GONE: Final = gettext_lazy("The form was incomplete. Reload the page and try again.")


class CallForm(forms.Form):
    """One call of the document. `request_key` makes a double click one request."""

    request_key = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": KEY_GONE, "invalid": KEY_GONE}
    )

    def __init__(self, data: Any, *, documented: Documented) -> None:
        super().__init__(data, initial={"request_key": uuid.uuid4()}, prefix="console")
        self.documented = documented
        for parameter in documented.parameters:
            self.fields[parameter.name] = _field(parameter)
        if documented.example.effect is Effect.ONCE:
            self.fields["purpose"] = forms.CharField(
                label=_("Purpose"),
                max_length=200,
                required=False,
                help_text=_("Ours: it is not sent."),
            )

    @property
    def values(self) -> dict[str, str]:
        """The parameters' values, by the document's names."""
        names = [parameter.name for parameter in self.documented.parameters]
        return {name: str(self.cleaned_data.get(name) or "") for name in names}

    @property
    def call(self) -> Call[Any]:
        """Of a form that is valid."""
        call: Call[Any] = self.cleaned_data["call"]
        return call

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                cleaned["call"] = self.documented.make(self.values)
            except (Unreadable, Unsupported, ValueError) as error:
                raise forms.ValidationError(
                    _("It can not be asked like this: %(why)s.") % {"why": str(error).rstrip(".")}
                ) from error
        return cleaned


def _field(parameter: Parameter) -> forms.Field:
    given: dict[str, Any] = {
        "label": parameter.name,
        "required": parameter.required,
        "help_text": parameter.says,
    }
    if parameter.choices:
        choices = [("", "\N{EN DASH}"), *((each, each) for each in parameter.choices)]
        return forms.ChoiceField(choices=choices, **given)
    if parameter.means is Means.COUNT:
        return forms.IntegerField(min_value=1, max_value=parameter.most, **given)
    attributes = {"autocomplete": "off", "spellcheck": "false"}
    if parameter.means in LISTS:
        attributes["list"] = LISTS[parameter.means]
    if parameter.example:
        attributes["placeholder"] = parameter.example
    return forms.CharField(max_length=64, widget=forms.TextInput(attrs=attributes), **given)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a call that changes something means here: an offer to rent, or a rental's end."""

    kind: str  # rent, cancel, finish
    offer: Offer | None = None
    rental: Rental | None = None


def deed(account: ProviderAccount, form: CallForm) -> Deed:
    """What the form's call would do. Raises NotPossible where it is about nothing of ours."""
    documented, values, kind = form.documented, form.values, form.call.name
    if kind == "rent":
        return Deed(kind, offer=_offer(account, documented.value(Means.SERVICE, values)))
    if kind in ("cancel", "finish"):
        return Deed(kind, rental=_rental(account, documented.value(Means.ACTIVATION, values)))
    raise NotPossible(_("The portal does not send this: nothing here would know of it."))


def do(deed: Deed, form: CallForm, membership: Membership, now: datetime) -> Rental:
    """Carry it out by the ordinary operation. Raises NotPossible, RentalNotAllowed."""
    if deed.offer is not None:
        return _rent(deed.offer, form, membership, now)
    assert deed.rental is not None  # noqa: S101 - a deed has either
    end = cancel_rental if deed.kind == "cancel" else finish_rental
    end(rental=deed.rental, actor=membership.user, now=now)
    return deed.rental


def asked_for(request: ConsoleRequest) -> Rental | None:
    """The rental of ours that a request was about, where it named an activation."""
    activation = request.asked.get("activation_id", "")
    if not activation:
        return None
    return Rental.objects.filter(account=request.account, activation_id=activation).first()


def suggestions(account: ProviderAccount, documented: Documented) -> Mapping[str, list[str]]:
    """What may be meant by a service or an activation, by the id of its list in the page."""
    means = {parameter.means for parameter in documented.parameters}
    lists = {}
    if Means.SERVICE in means:
        offers = Offer.objects.filter(account=account, gone_at__isnull=True)
        lists[LISTS[Means.SERVICE]] = list(
            offers.order_by("service_code").values_list("service_code", flat=True)
        )
    if Means.ACTIVATION in means:
        live = Rental.objects.filter(account=account, state__in=LIVE).exclude(activation_id="")
        lists[LISTS[Means.ACTIVATION]] = list(
            live.order_by("-requested_at").values_list("activation_id", flat=True)[:SUGGESTED]
        )
    return lists


def _rent(offer: Offer, form: CallForm, membership: Membership, now: datetime) -> Rental:
    documented, values = form.documented, form.values
    return request_rental(
        membership=membership,
        offer=offer,
        area_code=documented.value(Means.AREA_CODE, values),
        carrier=documented.value(Means.CARRIER, values),
        wanted_number=documented.value(Means.PHONE_NUMBER, values),
        purpose=form.cleaned_data.get("purpose", ""),
        request_key=form.cleaned_data["request_key"],
        now=now,
    )


def _offer(account: ProviderAccount, service: str) -> Offer:
    offers = Offer.objects.filter(account=account, service_code=service, gone_at__isnull=True)
    found = offers.select_related("account").first()
    if found is None:
        raise NotPossible(
            _("The catalogue of this account has no service %(code)s. Choose one that it has.")
            % {"code": service}
        )
    return found


def _rental(account: ProviderAccount, activation: str) -> Rental:
    rentals = Rental.objects.filter(account=account, activation_id=activation)
    found = rentals.select_related("account", "team").first()
    if found is None:
        raise NotPossible(
            _(
                "No rental of this account has activation %(id)s. What was not rented here is not "
                "ended here, because its money would be on no book."
            )
            % {"id": activation}
        )
    return found
