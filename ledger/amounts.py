"""How an amount of money is written, wherever a person reads it.

Two decimals, or as many as it really has: nothing is ever rounded away. What stands in one column
has as many decimals as the longest of its currency, so that digits stand below digits.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from django.utils import formats, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

MINUS: Final = "\N{MINUS SIGN}"
NOTHING: Final = "\N{EN DASH}"
MINOR: Final = 2


class Unit(str):
    """A currency's code, with how many decimals its amounts have in a column.

    `short`: by how many decimals other currencies of the same column are longer.
    """

    __slots__ = ("places", "short")

    places: int
    short: int

    def __new__(cls, code: str, places: int = MINOR, short: int = 0) -> "Unit":
        unit = super().__new__(cls, code)
        unit.places, unit.short = places, short
        return unit


def unit(code: str, amounts: Iterable[Decimal | None]) -> Unit:
    """One currency for a column of these amounts."""
    return Unit(code, max((_places(each) for each in amounts if each is not None), default=MINOR))


def units(amounts: Iterable[tuple[str, Decimal | None]]) -> dict[str, Unit]:
    """The currencies of a column, by their codes, out of all that stands in it."""
    found: dict[str, int] = defaultdict(lambda: MINOR)
    for code, amount in amounts:
        found[code] = max(found[code], MINOR if amount is None else _places(amount))
    longest = max(found.values(), default=MINOR)
    return {code: Unit(code, places, longest - places) for code, places in found.items()}


def figure(amount: Decimal, places: int = MINOR) -> str:
    """The figure alone, grouped, with at least so many decimals and a real minus sign."""
    return _figure(amount, places, translation.get_language())


def said(amount: Decimal, currency: str) -> str:
    """For a sentence: USD 1,234.50."""
    return f"{currency} {figure(amount)}"


def noted(amount: Decimal, currency: str) -> str:
    """For a sentence that is kept: in English, for whoever it is written."""
    with translation.override("en"):
        return said(amount, currency)


def written(amount: Decimal | None, currency: str, *, plus: bool = False) -> str:
    """For a page; a dash where there is none. `plus`: a gain has its sign too."""
    if amount is None:
        return NOTHING
    places, short = (currency.places, currency.short) if isinstance(currency, Unit) else (MINOR, 0)
    return _marked(amount, str(currency), places, short, plus, translation.get_language())


# A page has hundreds of amounts, and most are on it again when it is read anew.
@lru_cache(maxsize=8192)
def _figure(amount: Decimal, places: int, _language: str | None) -> str:
    said = formats.number_format(
        abs(amount), max(places, _places(amount)), use_l10n=True, force_grouping=True
    )
    return f"{MINUS}{said}" if amount < 0 else said


@lru_cache(maxsize=8192)
def _marked(
    amount: Decimal, code: str, places: int, short: int, plus: bool, _language: str | None
) -> SafeString:
    sign = "+" if plus and amount > 0 else ""
    words = format_html(
        '<span class="money__currency">{}</span> {}{}', code, sign, figure(amount, places)
    )
    if short:
        return format_html('<span class="money" data-short="{}">{}</span>', short, words)
    return format_html('<span class="money">{}</span>', words)


def _places(amount: Decimal) -> int:
    """How many decimals it needs."""
    exponent = amount.normalize().as_tuple().exponent
    return max(MINOR, -exponent) if isinstance(exponent, int) else MINOR
