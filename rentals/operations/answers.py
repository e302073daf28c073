"""Provider answers: judged, and kept before anything is made of them."""

from datetime import datetime

from providers.calls import Call, Reply
from providers.exchange import reply_from_dict, reply_to_dict
from providers.judging import Judged, Verdict, judge
from rentals.models import ProviderAnswer, Rental

__all__ = ["Judged", "Verdict", "cancel_confirmed", "judge", "keep", "read_again"]


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


def cancel_confirmed(rental: Rental) -> bool:
    """Whether the provider said once that it cancelled it."""
    return rental.answers.filter(call="cancel", verdict=Verdict.DONE).exists()
