"""What a reply comes to, in one word and without raising."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from providers.calls import Call, Reply
from providers.errors import (
    Ambiguous,
    BadKey,
    NotFound,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
)


class Verdict(StrEnum):
    """An answer in one word; for a rent only DONE is a number, and UNKNOWN leaves the doubt."""

    DONE = "done"
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    BAD_KEY = "bad_key"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


_VERDICTS: Final[tuple[tuple[type[ProviderError], Verdict], ...]] = (
    (NotFound, Verdict.NOT_FOUND),
    (Refused, Verdict.REFUSED),
    (Throttled, Verdict.THROTTLED),
    (BadKey, Verdict.BAD_KEY),
    (Unavailable, Verdict.UNAVAILABLE),
    (Ambiguous, Verdict.UNKNOWN),
)


@dataclass(frozen=True, slots=True)
class Judged[T]:
    """A reply as it was read: `value` where the verdict is DONE, else None."""

    verdict: Verdict
    value: T | None = None
    detail: str = ""  # safe to log and to show
    retry_after: float | None = None  # seconds, where the provider named it


def judge[T](call: Call[T], reply: Reply) -> Judged[T]:
    """Read a reply without raising."""
    try:
        return Judged(Verdict.DONE, call.read(reply))
    except ProviderError as error:
        verdict = next(word for kind, word in _VERDICTS if isinstance(error, kind))
        return Judged(verdict, None, error.detail, getattr(error, "retry_after", None))
