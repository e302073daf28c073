"""Patterns of ticket numbers: `QA-#` is QA- and a number, `INC####` INC and four digits.

They are no regular expressions, which a team could neither read nor be kept from making one that
takes for ever: whatever is written here is matched in one pass.
"""

import re
from functools import lru_cache
from typing import Final

_NUMBER: Final = re.compile(r"(#+)")
_TOUCHING: Final = re.compile(r"[0-9]#|#[0-9]")
LONGEST: Final = 40  # characters of a pattern


def matches(pattern: str, purpose: str) -> bool:
    """Whether the whole purpose is such a ticket."""
    return _compiled(pattern).fullmatch(purpose) is not None


def example(pattern: str) -> str:
    """A ticket that the pattern allows."""
    return "".join(_example_of(part) for part in _NUMBER.split(pattern))


def has_number(pattern: str) -> bool:
    return "#" in pattern


def is_ambiguous(pattern: str) -> bool:
    """Whether a digit stands right beside a number: where that ends could not be told."""
    return _TOUCHING.search(pattern) is not None


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_matching(part) for part in _NUMBER.split(pattern)))


def _matching(part: str) -> str:
    if not part.startswith("#"):
        return re.escape(part)
    # Possessive: a number is never tried again shorter.
    return "[0-9]++" if part == "#" else f"[0-9]{{{len(part)}}}"


def _example_of(part: str) -> str:
    if not part.startswith("#"):
        return part
    return "123" if part == "#" else "".join(str(n % 10) for n in range(1, len(part) + 1))
