"""How the pages write the ledger's amounts, references and words."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from django import template
from django.template import Variable, VariableDoesNotExist
from django.urls import reverse
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.models import Membership
from ledger import amounts, retelling
from ledger.amounts import Unit
from ledger.exports import listings
from ledger.queries.exceptions import open_count
from ledger.states import Resolution, TransferKind

register = template.Library()

_RENTAL: Final = re.compile(r"rental:(\d{1,18})")


@register.filter
def listing_title(name: str) -> str:
    """What a list that can be taken as a file is called."""
    return listings.title(name)


@register.filter
def figure(amount: Decimal, unit: str = "") -> str:
    """The figure alone, as it stands beside amounts in this unit."""
    return amounts.figure(amount, getattr(unit, "places", amounts.MINOR))


@register.filter
def amount(value: Decimal | None, currency: str) -> str:
    """With its currency, which may be a Unit of a column; a dash where there is none."""
    return amounts.written(value, currency)


@register.filter
def signed(value: Decimal | None, currency: str) -> str:
    """The same with its sign, also where it is a plus."""
    return amounts.written(value, currency, plus=True)


@register.simple_tag
def unit(currency: str, rows: Any, *paths: str) -> Unit:
    """The unit of a table's amounts: {% unit account.currency lines "amount" "after" as unit %}.

    The paths are read off each row, or off the one thing that is given.
    """
    listed = rows if isinstance(rows, Iterable) else [rows]
    return amounts.unit(currency, (_read(row, path) for row in listed for path in paths))


@register.simple_tag
def units(rows: Iterable[Any], currency: str, *paths: str) -> dict[str, Unit]:
    """The same where rows differ in currency, by its code, which is a path as well."""
    return amounts.units(
        (Variable(f"row.{currency}").resolve({"row": row}), _read(row, path))
        for row in rows
        for path in paths
    )


def _read(row: Any, path: str) -> Decimal | None:
    """None, too, where there is nothing that could have an amount."""
    try:
        value = Variable(f"row.{path}").resolve({"row": row})
    except VariableDoesNotExist:
        return None
    return value if isinstance(value, Decimal) else None


@register.filter
def of(found: Mapping[str, Unit] | str, currency: str) -> str:
    """A currency's unit; the currency alone for a row that is shown without its table."""
    return found.get(currency, currency) if isinstance(found, Mapping) else currency


@register.filter
def size(value: Decimal) -> Decimal:
    """How much it is, whichever way it went."""
    return abs(value)


@register.filter
def rate(value: Decimal) -> str:
    """A rate in full, without the zeros at its end."""
    return str(formats.number_format(value.normalize()))


@register.filter
def retold(text: str) -> str:
    """A sentence that the portal keeps, in the language of whoever reads."""
    return retelling.retold(text)


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
