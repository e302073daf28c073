"""A reply as a JSON object, to be stored append-only and read again later by the same reader."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from providers.calls import Delivered, Reply
from providers.reading import Document
from providers.redaction import HIDDEN, redacted

# What a reader or a person may want; cookies and the like are not kept.
KEPT_HEADERS: Final = ("content-type", "date", "retry-after")


def reply_to_dict(reply: Reply) -> dict[str, object]:
    """Give what a reply holds as JSON types; the body as text, or as base64 where it is none."""
    return {
        "delivered": reply.delivered.value,
        "status": reply.status,
        "headers": _kept(reply.headers),
        **_body_to_dict(reply.body),
        "problem": reply.problem,
        "seconds": round(reply.seconds, 3),
    }


def hidden(stored: Mapping[str, object]) -> dict[str, object]:
    """Give a stored reply without the numbers, codes and texts in it; see `redacted`."""
    kept = {name: value for name, value in stored.items() if name != "body_base64"}
    return kept | {"body": redacted(str(stored["body"])) if "body" in stored else HIDDEN}


def reply_from_dict(stored: Mapping[str, object]) -> Reply:
    """Give back the reply. Raises ValueError where `stored` was not made by `reply_to_dict`."""
    try:
        return Reply(
            delivered=Delivered(str(stored["delivered"])),
            status=_status(stored["status"]),
            headers={str(k): str(v) for k, v in _mapping(stored["headers"]).items()},
            body=_body_from_dict(stored),
            problem=str(stored["problem"]),
            seconds=float(str(stored["seconds"])),
        )
    except KeyError as missing:
        raise ValueError(f"A stored reply lacks {missing}.") from None


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    lowered = {name.lower(): value for name, value in headers.items()}
    return {n: lowered[n] for n in KEPT_HEADERS if n in lowered and lowered[n].isprintable()}


def _body_to_dict(body: bytes) -> dict[str, object]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # PostgreSQL's JSON holds no NUL
        return {"body_base64": base64.b64encode(body).decode()}
    return {"body": text}


def _body_from_dict(stored: Mapping[str, object]) -> bytes:
    if "body_base64" not in stored:
        return str(stored["body"]).encode()
    try:
        return base64.b64decode(str(stored["body_base64"]), validate=True)
    except binascii.Error:
        raise ValueError("A stored reply's body is damaged.") from None


def _status(value: object) -> int | None:
    if value is not None and not isinstance(value, int):
        raise ValueError("A stored reply's status is not a number.")
    return value


def _mapping(value: object) -> Document:
    if not isinstance(value, dict):
        raise ValueError("A stored reply's headers are missing.")
    return value
