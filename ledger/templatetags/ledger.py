"""How the pages write the ledger's amounts, references and words."""

import re
from decimal import Decimal
from typing import Any, Final

from django import template
from django.urls import reverse
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Membership
from ledger.models import ReconciliationException
from ledger.queries.exceptions import open_count
from ledger.states import Resolution, TransferKind

register = template.Library()

MINUS: Final = "\N{MINUS SIGN}"
NOTHING: Final = "\N{EN DASH}"
_RENTAL: Final = re.compile(r"rental:(\d{1,18})")


@register.filter
def figure(amount: Decimal) -> str:
    """Two decimals, or the three or four that it really has, with a real minus sign."""
    exponent = amount.normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    said = formats.number_format(abs(amount), decimals, use_l10n=True, force_grouping=True)
    return f"{MINUS}{said}" if amount < 0 else said


@register.filter
def amount(value: Decimal | None, currency: str) -> str:
    """With its currency; a dash where there is none."""
    return _money(figure(value), currency) if value is not None else NOTHING


@register.filter
def signed(value: Decimal | None, currency: str) -> str:
    """The same with its sign, also where it is a plus."""
    if value is None:
        return NOTHING
    return _money(f"+{figure(value)}" if value > 0 else figure(value), currency)


def _money(said: str, currency: str) -> SafeString:
    words = format_html('<span class="money__currency">{}</span> {}', currency, said)
    return format_html('<span class="money">{}</span>', words)


@register.filter
def rate(value: Decimal) -> str:
    """A rate in full, without the zeros at its end."""
    return f"{value.normalize():f}"


@register.filter
def kind(word: str) -> str:
    """A kind of transfer in a person's words."""
    return str(TransferKind(word).label) if word in TransferKind.values else word


@register.filter
def resolution(word: str) -> str:
    """What an exception turned out to be, in a person's words."""
    return str(Resolution(word).label) if word in Resolution.values else word.replace("_", " ")


@register.simple_tag(takes_context=True)
def reference(context: dict[str, Any], word: str) -> str:
    """What a line is about: a link to the rental, where it is one."""
    found = _RENTAL.fullmatch(word)
    team = context.get("team")
    if found is None or team is None:
        return word
    address = reverse("rental_detail", kwargs={"team": team.slug, "rental": int(found[1])})
    return format_html('<a href="{}">{}</a>', address, _("Rental #%(id)s") % {"id": found[1]})


@register.filter
def open_exceptions(membership: Membership) -> int:
    """How many exceptions of the team nobody has resolved."""
    return open_count(membership.team)


@register.filter
def is_money(exception: ReconciliationException) -> bool:
    return bool(exception.amount)
