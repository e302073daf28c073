"""Provider answers: judged, and kept before anything is made of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
from providers.exchange import reply_from_dict, reply_to_dict
from rentals.models import ProviderAnswer, Rental


class Verdict(StrEnum):
    """An answer in one word; for a rent only DONE is a number, and UNKNOWN leaves the doubt."""

    DONE = "done"
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    BAD_KEY = "bad_key"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


_VERDICTS: tuple[tuple[type[ProviderError], Verdict], ...] = (
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
    detail: str = ""
    retry_after: float | None = None  # seconds, where the provider named it


def judge[T](call: Call[T], reply: Reply) -> Judged[T]:
    """Read a reply without raising."""
    try:
        return Judged(Verdict.DONE, call.read(reply))
    except ProviderError as error:
        verdict = next(word for kind, word in _VERDICTS if isinstance(error, kind))
        return Judged(verdict, None, error.detail, getattr(error, "retry_after", None))


def keep[T](
    rental: Rental, call: Call[T], reply: Reply, *, asked_at: datetime, now: datetime
) -> tuple[ProviderAnswer, Judged[T]]:
    """Store a reply, append-only, with what it was judged to be."""
    judged = judge(call, reply)
    answer = ProviderAnswer.objects.create(
        rental=rental,
        call=call.name,
        asked_at=asked_at,
        answered_at=now,
        reply=reply_to_dict(reply),
        verdict=judged.verdict,
        detail=judged.detail[:500],
    )
    return answer, judged


def read_again[T](call: Call[T], answer: ProviderAnswer) -> Judged[T]:
    """Judge a stored answer as on the day it came."""
    return judge(call, reply_from_dict(answer.reply))
