"""A call as a value: what to send, and how to read what comes back.

Adapters build calls and never touch a socket, so that the same adapter serves blocking and
asynchronous callers, and so that an answer that was stored can be read again later by the
code that would have read it then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Effect(StrEnum):
    READ = "read"  # changes nothing: may always be asked again
    REPEATABLE = "repeatable"  # cancel, finish: may be asked again, after a read
    ONCE = "once"  # rent: never asked again once it may have been done


class Delivered(StrEnum):
    ANSWERED = "answered"  # a whole HTTP answer came
    NEVER_SENT = "never_sent"  # no connection was made: the provider knows nothing of it
    CUT = "cut"  # anything else: time-out, reset, half an answer, an answer too large


@dataclass(frozen=True, slots=True)
class Reply:
    """What the wire gave, fit to be stored and read again. `headers` has lower-case names."""

    delivered: Delivered
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    problem: str = ""  # why it was not answered, in words that are safe to log
    seconds: float = 0.0  # from sending to the end of the answer


@dataclass(frozen=True, slots=True)
class Call[T]:
    """One request to a provider and the reader of its answer.

    `path` is below the provider's base address. `read(reply)` returns T or raises a
    ProviderError; it is total: no reply whatever makes it raise anything else.
    """

    name: str  # rent, cancel, finish, poll, balance, services, statement, ...
    effect: Effect
    method: str
    path: str
    read: Callable[[Reply], T]
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    json: Mapping[str, str | int] | None = None
