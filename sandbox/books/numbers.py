"""Phone numbers that nobody has: +1 area code 555-0100 to 555-0199, kept for fiction."""

import random
import re
from pathlib import Path

from sandbox.books.store import Store
from sandbox.providers import Provider

_AREA_CODES = (Path(__file__).parents[1] / "data" / "area_codes.txt").read_text().split()
_AREA_CODE = re.compile(r"[2-9][0-9]{2}")
_RESERVED = re.compile(r"(?:\+?1)?([2-9][0-9]{2}55501[0-9]{2})")


class NoNumber(Exception):
    """No such number is free."""


def is_area_code(text: str) -> bool:
    return _AREA_CODE.fullmatch(text) is not None


def free_number(store: Store, provider: Provider, area_code: str, chance: random.Random) -> str:
    """Ten digits that no live activation holds.

    `area_code` is preferred, as SMSGig's document has it: another one where it has none left.
    """
    others = chance.sample(_AREA_CODES, len(_AREA_CODES))
    for code in [area_code, *others] if area_code else others:
        taken = _taken(store, provider, code)
        free = [n for n in (f"{code}55501{i:02}" for i in range(100)) if n not in taken]
        if free:
            return chance.choice(free)
    raise NoNumber("No number is available.")


def asked_number(store: Store, provider: Provider, phone: str) -> str:
    """The ten digits of the number asked for; raises `NoNumber` if it is taken or not ours."""
    match = _RESERVED.fullmatch(re.sub(r"[\s().-]", "", phone))
    if match is None:
        raise NoNumber("This number is not available.")
    if match[1] in _taken(store, provider, match[1][:3]):
        raise NoNumber("This number is already taken.")
    return match[1]


def _taken(store: Store, provider: Provider, area_code: str) -> set[str]:
    rows = store.rows(
        "SELECT phone FROM activation WHERE provider = ? AND live AND phone >= ? AND phone < ?",
        provider,
        f"{area_code}5550100",
        f"{area_code}5550200",
    )
    return {row["phone"] for row in rows}
