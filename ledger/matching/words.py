"""What a description says of the service: "Refund for eBay rental #503" speaks of eBay."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

UNTOLD: Final = 0  # the description names no service
UNKNOWN: Final = -1  # it names one that nobody here has rented

_PLAIN: Final = frozenset(
    {"a", "activation", "an", "for", "id", "no", "number", "of", "order", "purchase", "purchased"}
    | {"refund", "refunded", "rent", "rental", "rented", "sms", "the"}
)
_WORD: Final = re.compile(r"[^\W_]+")


def numbered(services: Iterable[str]) -> dict[str, int]:
    """A number for each service, the same for names that are written alike; from 1 on."""
    plain: dict[str, int] = {}
    return {name: plain.setdefault(_plain(name), len(plain) + 1) for name in sorted(set(services))}


def meant(lead: str, services: Mapping[str, int]) -> int:
    """The number of the service that a description's words before its number name.

    The same words, or else the one service whose name they contain or are contained in. A name
    may have a word of its own that descriptions are full of: "ID.me rental #503" speaks of ID.me.
    """
    said = _telling(lead)
    if not said:
        return UNTOLD
    known = {_plain(name): number for name, number in services.items() if _plain(name)}
    whole = _plain(lead)
    same = [_plain(name) for name in services if _telling(name) == said]
    if written := [name for name in same if name in whole]:
        return known[max(written, key=len)]
    if said in known:
        return known[said]
    inside = [name for name in known if name in said]
    if inside:  # "WhatsApp Business" names that one, and not WhatsApp
        return known[max(inside, key=len)]
    around = [number for name, number in known.items() if said in name]
    return around[0] if len(around) == 1 else UNKNOWN


def _plain(name: str) -> str:
    return "".join(_WORD.findall(name.lower()))


def _telling(words: str) -> str:
    return "".join(word for word in _WORD.findall(words.lower()) if word not in _PLAIN)
