"""A value becomes a cell.

Text from a provider or a person may begin with a sign that a spreadsheet takes for a formula
(OWASP, "CSV Injection"); such a cell gets an apostrophe before it. So does what follows a semicolon
or a line break in it: where spreadsheets part cells by semicolons, as in Polish, a cell begins
there. Amounts are numbers and keep their sign.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

type Value = str | int | Decimal | date | datetime | None

_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # the wide ones count in East Asian editions
_SPACE: Final = " \u00a0\u3000"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # no cell may hold them
# What is neither, as nearly all text is, needs no second look.
_ODD: Final = re.compile(
    rf"(?:\A|[;\r\n])[{_SPACE}]*[{_SIGNS}\t\r\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)
_BEGINS: Final = re.compile(rf"\A(?=[{_SPACE}]*[{_SIGNS}\t\r\n])")
_GOES_ON: Final = re.compile(rf"(?<=[;\r\n])(?=[{_SPACE}\t]*[{_SIGNS}])")
DIGITS: Final = 15  # what a spreadsheet's numbers keep


def harmless(text: str) -> str:
    """Text that no spreadsheet runs."""
    if _ODD.search(text) is None:
        return text
    text = _CONTROL.sub("", text)
    return _GOES_ON.sub("'", _BEGINS.sub("'", text))


def as_text(value: Value) -> str:
    """For CSV: amounts in full without an exponent, times with their offset."""
    return _ways(timezone.get_current_timezone())[type(value)](value)


def texts(rows: Iterable[Iterable[Value]]) -> Iterator[list[str]]:
    """Rows of the same: what is alike for all of their cells is found out once."""
    ways = _ways(timezone.get_current_timezone())
    for row in rows:
        yield [ways[type(value)](value) for value in row]


class _Ways(dict[type, Callable[[Any], str]]):
    def __missing__(self, kind: type) -> Callable[[Any], str]:
        """What its nearest ancestor has: marked safe, or chosen from some, text is text."""
        way = next(self[each] for each in kind.__mro__ if each in self)
        return self.setdefault(kind, way)


def _ways(zone: tzinfo) -> _Ways:
    """A cell has one of these types, or a more special one."""
    return _Ways(
        {
            str: harmless,
            int: str,
            Decimal: "{:f}".format,
            datetime: lambda value: value.astimezone(zone).isoformat(timespec="seconds"),
            date: date.isoformat,
            type(None): lambda _value: "",
        }
    )


def as_cell(value: Value) -> Value:
    """For XLSX: a number where a spreadsheet keeps all of its digits, else the same as text; days
    and times as such, and as these know no zone, in the one of whoever asks."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.get_current_timezone()).replace(tzinfo=None)
    if isinstance(value, date):
        return value
    if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= DIGITS:
        return value
    if isinstance(value, int) or value is None:
        return value
    return as_text(value)
