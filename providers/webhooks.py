"""What all webhooks have in common: one message of one activation, perhaps signed."""

import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Final

from providers.activations import message
from providers.reading import Document, Unreadable, document, first, maybe, text, word
from providers.shapes import only_activation_id
from providers.values import Delivery

_HEX_SHA256: Final = re.compile(r"(?:sha256=)?([0-9a-f]{64})")


class Malformed(Exception):
    """A webhook's body that tells no message of an activation. Its text quotes nothing of it."""


def signed_by_any(
    body: bytes, headers: Mapping[str, str], keys: Iterable[str], *, header: str
) -> bool:
    """Whether `header` holds the hex HMAC-SHA256 of the raw body under one of `keys`.

    Letter case, blanks around it and a `sha256=` before it don't matter: none of these makes
    a forgery easier. An empty key signs nothing.
    """
    given = _HEX_SHA256.fullmatch(_value_of(headers, header).strip().lower())
    if given is None:
        return False
    matches = [
        hmac.compare_digest(hmac.digest(key.encode(), body, "sha256").hex(), given[1])
        for key in keys
        if key
    ]
    return any(matches)


def read_delivery(body: bytes) -> Delivery:
    """Read a webhook in snake_case or camelCase. Raises Malformed.

    Stricter than a read: a code or text of a wrong type makes the whole of it malformed,
    because anyone may have sent it and a poll will tell the truth.
    """
    try:
        source = document(body)
        _check_words(source)
        return Delivery(
            activation_id=only_activation_id(source),
            message=message(source),
            service=maybe(word, first(source, "service", "service_code", "serviceCode")) or "",
        )
    except Unreadable as problem:
        raise Malformed(f"The webhook could not be read: {problem}.") from None


def _check_words(source: Document) -> None:
    for name in ("code", "text"):
        text(source.get(name))


def _value_of(headers: Mapping[str, str], wanted: str) -> str:
    return next((v for name, v in headers.items() if name.lower() == wanted.lower()), "")
