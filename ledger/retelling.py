"""Sentences that are kept, in the language of whoever reads them.

What the portal itself writes into rows (why it booked something, what an exception says, an alert)
is kept in English, whoever it was made for. It is shown in a reader's language where its sentence
is known here; what people and providers wrote is shown as it is.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Final

from django.utils import translation
from django.utils.translation import gettext

from ledger.amounts import said

_PLACE: Final = re.compile(r"%\\\((\w+)\\\)s")  # as re.escape leaves %(name)s
_AMOUNT: Final = re.compile(r"([A-Z]{3}) (\d{1,3}(?:,\d{3})*\.\d+)")
OURS: Final = frozenset({"service", "whose", "why"})  # places that may hold words of the portal
_STATUS: Final = re.compile(r"(.+)( \([1-5]\d\d\)\.)")  # a sentence of providers.replies
_BETWEEN: Final = re.compile(r"(?<=[.!?]) (?=[A-Z])")

_templates: dict[str, re.Pattern[str]] = {}


def register(templates: Iterable[str]) -> None:
    """Sentences with places such as %(amount)s. One without places only has to be translated."""
    for template in templates:
        if "%(" in template:
            _templates[template] = _pattern(template)


def retold(text: str) -> str:
    """A kept text in the active language; as it is where nothing is known of it."""
    if not text or translation.get_language() in (None, "en"):
        return text
    whole = _retold(text)
    if whole is not None:
        return whole
    parts = [_retold(part) for part in _BETWEEN.split(text)]
    known = [part for part in parts if part is not None]
    return " ".join(known) if len(known) == len(parts) else text


def _retold(text: str) -> str | None:
    told = _known(text)
    if told is None and (found := _STATUS.fullmatch(text)):
        bare = _known(f"{found[1]}.")
        told = bare and bare.removesuffix(".") + found[2]
    return told


def _known(text: str) -> str | None:
    for end in ("", "."):  # a label may stand as a sentence
        bare = text.removesuffix(end)
        told = gettext(bare)
        if told != bare:
            return f"{told}{end}"
    for template, pattern in _templates.items():
        if found := pattern.fullmatch(text):
            places = {name: _place(name, value) for name, value in found.groupdict().items()}
            return gettext(template) % places
    return None


def _place(name: str, value: str) -> str:
    """An amount as the language writes it; words of ours; anything else as it is."""
    if found := _AMOUNT.fullmatch(value):
        return said(Decimal(found[2].replace(",", "")), found[1])
    return gettext(value) if name in OURS else value


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What every place holds is any text, as short as the rest allows."""
    return re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(template)), re.DOTALL)
