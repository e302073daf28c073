"""A provider's own words, made safe to log and to show."""

import re
from typing import Final

MAX_LENGTH: Final = 120
_TELLING = re.compile(r"\S*[\d@]\S*|\S{20,}")  # codes, numbers, ids, addresses, keys


def safe_words(value: object) -> str:
    """Keep a short explanation without anything that could be a key, number, code or address.

    Gives "" where the provider explained nothing, or nothing in words.
    """
    if not isinstance(value, str):
        return ""
    plain = "".join(c if c.isprintable() else " " for c in value)
    return " ".join(_TELLING.sub("…", plain).split())[:MAX_LENGTH]
