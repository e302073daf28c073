"""A value becomes a cell.

Text from a provider or a person may begin with a sign that a spreadsheet takes for a formula
(OWASP, "CSV Injection"); such a cell gets an apostrophe before it. Amounts are numbers and keep
their sign.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.utils import timezone

type Value = str | int | Decimal | date | datetime | None

_RUNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # no cell may hold them
DIGITS: Final = 15  # what a spreadsheet's numbers keep


def harmless(text: str) -> str:
    """Text that no spreadsheet runs."""
    text = _CONTROL.sub("", text)
    first = text.lstrip(" \N{NO-BREAK SPACE}")
    return f"'{text}" if first.startswith(_RUNS) or text.startswith(_RUNS) else text


def as_text(value: Value) -> str:
    """For CSV: amounts in full without an exponent, times with their offset."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int) else harmless(value)


def as_cell(value: Value) -> str | int | float | Decimal | None:
    """For XLSX: a number where a spreadsheet keeps all of its digits, else the same as text."""
    if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= DIGITS:
        return value
    if isinstance(value, int) or value is None:
        return value
    return as_text(value)
