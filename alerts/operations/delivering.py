"""Webhooks are sent: each try by one worker alone, again and again until it is taken.

The row of a try is written before its request. A worker that dies in between loses its lease, and
another tries again: whoever receives knows by the message's id what it has had already.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.secrets.keyring import KeyringError
from accounts.secrets.sealing import SealBroken, unseal
from alerts.models import Attempt, Delivery, Endpoint
from alerts.models.hooks import DisabledBy
from alerts.outgoing.post import Answer, post
from alerts.outgoing.signing import headers

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=30)  # a try takes five
# After each failed try; the last one ends about three days after the first.
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
JITTER: Final = 0.2  # more or less, so that not all come at once
LONGEST_WISH: Final = timedelta(days=1)  # of a Retry-After
GIVE_UP_AFTER: Final = timedelta(days=5)  # without any success the endpoint is disabled,
TRIES_THAT_TELL: Final = 5  # if it fails now too, for hours: it may have had nothing to do for days
AT_ONCE: Final = 20  # of an endpoint at each tick
AT_ONCE_FAILING: Final = 1  # of one that fails: it may take five seconds of a worker each time
GONE: Final = 410


@dataclass(frozen=True, slots=True)
class _Try:
    """A try that this worker alone makes."""

    delivery: Delivery
    number: int
    round: int  # which one of this round

    @property
    def rows(self) -> QuerySet[Delivery]:
        """The delivery, while nobody has taken it over."""
        return Delivery.objects.filter(pk=self.delivery.pk, tries=self.number)


def due_deliveries(*, now: datetime) -> list[int]:
    """What is to be sent now, the longest due first: some of each endpoint, so that none has all
    of the workers."""
    place = Window(RowNumber(), partition_by="endpoint", order_by=("due_at", "pk"))
    most = Case(When(endpoint__failing_since=None, then=AT_ONCE), default=AT_ONCE_FAILING)
    chosen = _due(now).annotate(place=place, most=most).filter(place__lte=F("most"))
    return list(chosen.order_by("due_at", "pk").values_list("pk", flat=True))


def deliver(*, delivery_id: int, now: datetime) -> bool:
    """Make one try of a delivery that is due; False where it is not, or somebody else has it."""
    attempt = _take(delivery_id, now)
    if attempt is None:
        return False
    answer = _sent(attempt)
    with transaction.atomic():
        _note(attempt, answer, timezone.now())
    return True


def _due(now: datetime) -> QuerySet[Delivery]:
    free = Q(taken_until__isnull=True) | Q(taken_until__lte=now)
    return Delivery.objects.filter(free, due_at__lte=now, endpoint__disabled_at__isnull=True)


def _take(delivery_id: int, now: datetime) -> _Try | None:
    with transaction.atomic():
        taken = _due(now).filter(pk=delivery_id)
        pks = taken.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
        if not list(pks):
            return None
        Delivery.objects.filter(pk=delivery_id).update(
            taken_until=now + LEASE, tries=F("tries") + 1, round_tries=F("round_tries") + 1
        )
        delivery = Delivery.objects.select_related("endpoint__team").get(pk=delivery_id)
        Attempt.objects.create(delivery=delivery, number=delivery.tries, at=now)
    return _Try(delivery, delivery.tries, delivery.round_tries)


def _sent(attempt: _Try) -> Answer:
    delivery, now = attempt.delivery, timezone.now()
    body = delivery.body.encode()
    try:
        secrets = _secrets(delivery.endpoint, now)
    except (SealBroken, KeyringError):
        return Answer(None, 0, problem="The secret does not open with this keyring.")
    signed = headers(message_id=delivery.message_id, at=now, body=body, secrets_=secrets)
    return post(delivery.endpoint.url, body, signed)


def _secrets(endpoint: Endpoint, now: datetime) -> Sequence[str]:
    """The current one first. Raises SealBroken, KeyringError."""
    found = [unseal(endpoint.secret_sealed, place=endpoint.place("secret_sealed"))]
    if endpoint.previous_sealed and endpoint.previous_until and endpoint.previous_until > now:
        found.append(unseal(endpoint.previous_sealed, place=endpoint.place("previous_sealed")))
    return found


def _note(attempt: _Try, answer: Answer, now: datetime) -> None:
    """Write down what came of it. The try's own row is written even where another took over.

    Locks the endpoint, its delivery and then its try, as do all who write of more than one.
    """
    endpoint = Endpoint.objects.select_for_update().filter(pk=attempt.delivery.endpoint_id).first()
    if endpoint is None:
        return  # removed meanwhile, with all of this
    if answer.is_success:
        attempt.rows.update(delivered_at=now, due_at=None, taken_until=None)
        Endpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=False).update(
            failing_since=None
        )
    else:
        attempt.rows.update(due_at=_again(attempt, answer, now), taken_until=None)
        _note_failure(endpoint, attempt, answer, now)
    Attempt.objects.filter(delivery=attempt.delivery, number=attempt.number).update(
        ended_at=now,
        status=answer.status,
        ms=answer.ms,
        excerpt=answer.excerpt,
        problem=answer.problem,
    )


def _again(attempt: _Try, answer: Answer, now: datetime) -> datetime | None:
    """When it is tried again; None for no more. An answer's own wish counts where it is later."""
    if attempt.round > len(PAUSES):
        return None
    pause = PAUSES[attempt.round - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    return now + max(pause, _wish(answer))


def _wish(answer: Answer) -> timedelta:
    if not answer.retry_after.isdecimal() or len(answer.retry_after) > 9:
        return timedelta()
    return min(timedelta(seconds=int(answer.retry_after)), LONGEST_WISH)


def _note_failure(endpoint: Endpoint, attempt: _Try, answer: Answer, now: datetime) -> None:
    since = endpoint.failing_since or now
    by = ""
    if answer.status == GONE:
        by = DisabledBy.GONE
    elif now - since >= GIVE_UP_AFTER and attempt.round >= TRIES_THAT_TELL:
        by = DisabledBy.FAILURES
    endpoint.failing_since = since
    if by and endpoint.is_enabled:
        endpoint.disabled_at, endpoint.disabled_by = now, by
        log.warning("webhook_disabled", endpoint=str(endpoint.pk), why=by)
    endpoint.save(update_fields=["failing_since", "disabled_at", "disabled_by"])
