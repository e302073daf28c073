"""Amounts as people type them."""

import re
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.formats import get_format

_PLAIN: Final = re.compile(r"-?\d+\.\d+")
# Spaces of every width between groups of three digits, as some languages write thousands.
_GROUPED: Final = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")


class AmountField(forms.DecimalField):
    """A figure as the active language writes it, or with a point: "1 234,50" or "1234.50".

    A mark that the language does not have is refused and never taken for another: in English
    "1,50" is no amount.
    """

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        return super().to_python(_plain(value) if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        """Plain figures with the language's own mark; what cannot be one as it was typed."""
        text = f"{value:f}" if isinstance(value, Decimal) else value
        if isinstance(text, str) and _PLAIN.fullmatch(text):
            return text.replace(".", _mark())
        return text

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}


def _plain(text: str) -> str:
    mark = _mark()
    if mark == "." or "." in text:
        return text
    return _GROUPED.sub("", text).replace(mark, ".")


def _mark() -> str:
    return str(get_format("DECIMAL_SEPARATOR"))
