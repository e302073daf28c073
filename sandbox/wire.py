"""What a provider is asked and what it answers, as bytes on a socket."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from sandbox.books.records import Activation, Wallet
from sandbox.providers import Provider

if TYPE_CHECKING:
    from sandbox.core import Sandbox

_MARK = secrets.token_hex(8)
_MARKED = re.compile(rf'"{_MARK}:([-0-9.]+)"')


class Refusal(Exception):
    """The provider says no: an HTTP status and a message for the JSON body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer and how it goes out.

    `cut`: the connection is closed half way through the body, or before the first byte of all.
    `silent`: nothing is sent until the client gives up. `pause_ms`: the wait after each byte.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    cut: Literal["", "half", "all"] = ""
    silent: bool = False
    pause_ms: int = 0


@dataclass(kw_only=True)
class Call:
    """An authenticated request. `fields`: the query or the JSON body; `activation`: what a rent
    made, for whom it concerns afterwards; `notes`: the names of the faults that struck."""

    sandbox: "Sandbox"
    provider: Provider
    endpoint: str
    wallet: Wallet
    fields: Mapping[str, object]
    activation: Activation | None = None
    notes: list[str] = field(default_factory=list)

    def text(self, name: str, *, status: int) -> str:
        """A string field, empty where missing or null; refused with `status` if it is another
        type."""
        value = self.fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Refusal(status, f"The {name} field must be a string.")
        if not value.isprintable():
            raise Refusal(status, f"The {name} field has characters that are not allowed.")
        return value.strip()

    def integer(self, name: str, *, status: int) -> int | None:
        """A whole number, also written as a string; None where missing."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
            return value
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
            return int(value)
        raise Refusal(status, f"The {name} field must be an integer.")


Handler = Callable[[Call], Answer]


def answer(payload: Mapping[str, object], *, status: int = 200) -> Answer:
    """JSON. A Decimal is written as a number with exactly its own digits."""
    text = json.dumps(payload, default=_marked)
    return Answer(status=status, body=_MARKED.sub(r"\1", text).encode())


def refusal(status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    body = json.dumps({"status": "error", "message": message}).encode()
    return Answer(status=status, body=body, headers=headers)


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}:{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in an answer.")
