"""Readers of single values: strict in what decides, generous in everything else.

A reader takes whatever the JSON held and gives a value, or raises Unreadable. What a caller can
do without is read with `maybe`, which gives None instead.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

type Document = Mapping[str, object]

MAX_ID_LENGTH: Final = 64
MAX_PHONE_LENGTH: Final = 40
MAX_LINE_LENGTH: Final = 200
MAX_WORD_LENGTH: Final = 100
LONGEST_LIFETIME: Final = 30 * 24 * 3600
MONEY_PLACES: Final = Decimal("0.0001")
MONEY_BOUND: Final = Decimal(10) ** 12
# Stands for a value that JSON cannot mean: NaN, a number beyond bounds, two values for one key.
UNREADABLE: Final = object()

_ID = re.compile(rf"[!-~]{{1,{MAX_ID_LENGTH}}}")
_NO_ID = frozenset({"0", "null", "none", "nil", "undefined", "false", "true", "nan"})
# As a page would show it: with commas between thousands, and the providers' currencies.
_SHOWN = re.compile(
    r"(?:(?:[$₦]|USD|NGN) ?)?((?:[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}|[0-9]{1,12})(?:\.[0-9]{1,20})?)"
    r"(?: ?(?:[$₦]|USD|NGN))?",
    re.ASCII,
)
_WHOLE = re.compile(r"[0-9]{1,9}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*(?: ?UTC)?", re.ASCII)
_EPOCH = re.compile(r"[0-9]{10}(?:\.[0-9]{1,9})?|[0-9]{13}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL text holds neither
_LARGEST_EXACT: Final = 2**53


class Unreadable(Exception):
    """A value, or a whole body, that is not what it should be. Its text quotes nothing of it."""


def parse(body: bytes) -> object:
    """Read JSON: fractions as Decimal, NaN and its like and contradicting keys as UNREADABLE.

    Bytes that are no UTF-8 become replacement characters: one bad letter in a name must not
    cost an activation id. Raises Unreadable where it isn't JSON, or is nested beyond reason.
    """
    return parse_text(body.removeprefix(BOM_UTF8).decode(errors="replace"))


def parse_text(text: str) -> object:
    try:
        return _JSON.decode(text)
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON") from None


def document(body: bytes) -> Document:
    """Read a JSON object, or raise Unreadable."""
    return mapping(parse(body))


def mapping(value: object) -> Document:
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def rows(value: object) -> Sequence[object]:
    """Read a list. PHP writes one with gaps in its keys as an object, so that counts too."""
    if value is None:
        return ()
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and all(isinstance(v, dict) for v in value.values()):
        return tuple(value.values())
    raise Unreadable("not a list")


def first(source: Document, *names: str) -> object:
    """Give the first of the named fields that is there and not null, else None."""
    for name in names:
        value = source.get(name)
        if value is not None:
            return value
    return None


def maybe[T](read: Callable[[object], T], value: object) -> T | None:
    try:
        return read(value)
    except Unreadable:
        return None


def identifier(value: object) -> str:
    """Read an id: a positive integer or visible ASCII without blanks, at most 64 characters."""
    if isinstance(value, Decimal):
        value = _whole_decimal(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**MAX_ID_LENGTH:
        return str(value)
    if isinstance(value, str):
        stripped = value.strip()
        if _ID.fullmatch(stripped) and stripped.lower() not in _NO_ID:
            return stripped
    raise Unreadable("not an id")


def money(value: object) -> Decimal:
    """Read an amount: a number or digits in a string, never negative, below 10^12.

    A string may be as a page shows it: "1,234.50", "$12.30", "₦1,200", "12.30 USD".

    Beyond four places it is rounded: those digits are a binary fraction's noise, such as
    the 0.57999999999999996 that older PHP writes for 0.58.
    """
    if isinstance(value, str):
        value = _written(value.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not 0 <= value < MONEY_BOUND:
        raise Unreadable("not an amount of money")
    return abs(_rounded(value))


def _written(amount: str) -> Decimal:
    shown = _SHOWN.fullmatch(amount)
    if shown is None:
        raise Unreadable("not an amount of money")
    return Decimal(shown[1].replace(",", ""))


def paid_out(value: object) -> Decimal:
    """Read an amount that may be written with the minus of what leaves a wallet."""
    if isinstance(value, str):
        return money(value.strip().removeprefix("-"))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return money(abs(value))
    return money(value)


def whole(value: object) -> int:
    """Read a count or a number of seconds: not negative, at most nine digits."""
    if isinstance(value, Decimal):
        value = _whole_decimal(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    raise Unreadable("not a whole number")


def lifetime(value: object) -> int:
    """Read a time-to-live in seconds: more than none, at most 30 days."""
    seconds = whole(value)
    if not 0 < seconds <= LONGEST_LIFETIME:
        raise Unreadable("not a time-to-live")
    return seconds


def text(value: object) -> str:
    """Read words: a string or an integer; null is empty. Unstorable characters are replaced."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    raise Unreadable("not a text")


def line(value: object) -> str:
    """Read a name or a remark: text without surrounding blanks, at most 200 characters."""
    read = text(value).strip()
    if len(read) > MAX_LINE_LENGTH:
        raise Unreadable("too long")
    return read


def word(value: object) -> str:
    """Read the code of a service or the type of a row: a line of at most 100 characters."""
    read = line(value)
    if len(read) > MAX_WORD_LENGTH:
        raise Unreadable("too long")
    return read


def phone(value: object) -> str:
    """Read a phone number as the provider wrote it, from a string or an integer."""
    if isinstance(value, Decimal):
        value = _whole_decimal(value)
    read = line(value)
    if not 0 < len(read) <= MAX_PHONE_LENGTH or not read.isprintable():
        raise Unreadable("not a phone number")
    return read


def flag(value: object) -> bool:
    return value is True or str(value).strip().lower() in {"1", "true", "yes"}


def moment(value: object) -> datetime:
    """Read a time as aware UTC: ISO 8601, without an offset taken as UTC, or Unix time.

    Unix time has ten digits where it is in seconds, thirteen where it is in milliseconds.
    """
    given = value.strip() if isinstance(value, str) else _digits(value)
    try:
        if _EPOCH.fullmatch(given):
            read = _since_1970(Decimal(given))
        elif _MOMENT.fullmatch(given):
            read = datetime.fromisoformat(given.removesuffix("UTC").strip())
        else:
            raise Unreadable("not a time")
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("not a time") from None
    if not 2000 <= read.year < 2100:
        raise Unreadable("not a time of ours")
    return read


def _digits(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    return format(Decimal(value), "f") if 0 < value < 10**13 else ""


def _since_1970(given: Decimal) -> datetime:
    seconds = given / 1000 if given >= 10**12 else given
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(seconds * 10**6))


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    return read if len(read) == len(pairs) else _without_contradictions(pairs)


def _without_contradictions(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read: dict[str, object] = {}
    for name, value in pairs:
        read[name] = value if name not in read or _same(read[name], value) else UNREADABLE
    return read


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _decimal(digits: str) -> object:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return UNREADABLE


def _integer(digits: str) -> object:
    return int(digits) if len(digits) <= 100 else UNREADABLE


_JSON: Final = json.JSONDecoder(  # made once: a flood of webhooks would feel it
    strict=False,
    parse_float=_decimal,
    parse_int=_integer,
    parse_constant=lambda _: UNREADABLE,
    object_pairs_hook=_object,
)


def _whole_decimal(value: Decimal) -> int:
    if not -_LARGEST_EXACT < value < _LARGEST_EXACT or value != value.to_integral_value():
        raise Unreadable("not a whole number")
    return int(value)


def _rounded(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -4:
        return value.quantize(MONEY_PLACES)
    return value
