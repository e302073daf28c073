"""Phone numbers: kept raw as the provider wrote them, and E.164 where they are real ones."""

import re
from functools import lru_cache
from time import monotonic
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

# Digits with the usual signs between them; no letters, no extensions.
KEPT_FOR: Final = 60.0  # seconds
_kept_since = monotonic()

_DIALLABLE = re.compile(r"\+?[0-9][0-9 ().\-/]{3,38}")


def e164(raw: str | int, region_hint: str = "US") -> str | None:
    """Give a number as E.164, None where it is not a valid one; never raises.

    SMSGig writes US numbers without a plus, also as integers; SMS Villa writes a plus. Without
    one the number is tried as a number of `region_hint` and then as an international one.
    """
    parsed = _parsed(raw, region_hint)
    return None if parsed is None else phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def national(raw: str | int, region_hint: str = "US") -> str:
    """Give a number as people of its country write it; an invalid one stays as it is."""
    return _formatted(raw, region_hint, PhoneNumberFormat.NATIONAL)


def international(raw: str | int, region_hint: str = "US") -> str:
    """Give a number with its country code, in groups; an invalid one stays as it is."""
    return _formatted(raw, region_hint, PhoneNumberFormat.INTERNATIONAL)


def _formatted(raw: str | int, region_hint: str, style: int) -> str:
    _forget_old_ones()
    return _kept(raw, region_hint, style)


def _forget_old_ones() -> None:
    """A number that is removed from the database is not to live on in a process's memory."""
    global _kept_since
    if monotonic() - _kept_since > KEPT_FOR:
        _kept_since = monotonic()
        _kept.cache_clear()


# A board asks for the same few numbers every second. `typed`: True is no 1.
@lru_cache(maxsize=1024, typed=True)
def _kept(raw: str | int, region_hint: str, style: int) -> str:
    parsed = _parsed(raw, region_hint)
    return str(raw) if parsed is None else phonenumbers.format_number(parsed, style)


def _parsed(raw: str | int, region_hint: str) -> PhoneNumber | None:
    text = str(raw).strip()
    if isinstance(raw, bool) or not _DIALLABLE.fullmatch(text):
        return None
    attempts = [(text, None)] if text[0] == "+" else [(text, region_hint), (f"+{text}", None)]
    return next(filter(None, (_valid(number, region) for number, region in attempts)), None)


def _valid(number: str, region: str | None) -> PhoneNumber | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None
