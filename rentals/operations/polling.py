"""One provider account's due rentals are asked for, together, within its limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from accounts import gateway
from accounts.models import ProviderAccount
from accounts.states import Lane
from providers.calls import Call, Reply
from providers.values import Activation
from rentals.models import Rental
from rentals.operations.answers import Verdict, judge
from rentals.operations.looking import apply_activation
from rentals.pollers import ask_all
from rentals.polling import Room, next_look
from rentals.states import RentalState

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=10)
AT_ONCE = 200  # rentals a task; what is left over is due again at the next tick
WEBHOOKS_FRESH = timedelta(minutes=10)
UNANSWERED_PAUSE = timedelta(seconds=5)
BAD_KEY_PAUSE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one task works with: the way to the provider, its lease's fence, when it asked."""

    door: gateway.Door
    fence: int
    room: Room
    asked_at: datetime


def accounts_with_due_polls(now: datetime) -> list[int]:
    """The provider accounts for which a poll task is worth starting now."""
    due = Rental.objects.filter(next_poll_at__lte=now)
    accounts = ProviderAccount.objects.filter(
        Q(poll_lease_until__isnull=True) | Q(poll_lease_until__lte=now),
        Q(throttled_until__isnull=True) | Q(throttled_until__lte=now),
        pk__in=due.values("account"),
    )
    return list(accounts.values_list("pk", flat=True))


def poll_account(account_id: int) -> int:
    """Ask for every due rental of an account that the limits allow; returns how many were asked.

    A lease keeps this to one task at a time. A task that lost its lease to another still attaches
    the messages that it was given, but no longer says when to ask next.
    """
    fence = _take_lease(account_id, timezone.now())
    if fence is None:
        return 0
    try:
        return _poll(ProviderAccount.objects.get(pk=account_id), fence)
    finally:
        _give_back_lease(account_id, fence)


def _take_lease(account_id: int, now: datetime) -> int | None:
    free = Q(poll_lease_until__isnull=True) | Q(poll_lease_until__lte=now)
    account = ProviderAccount.objects.filter(pk=account_id)
    with transaction.atomic():  # holds the row, so that the fence read is our own
        taken = account.filter(free).update(
            poll_lease_until=now + LEASE, poll_fence=F("poll_fence") + 1
        )
        return account.values_list("poll_fence", flat=True).get() if taken else None


def _give_back_lease(account_id: int, fence: int) -> None:
    ProviderAccount.objects.filter(pk=account_id, poll_fence=fence).update(poll_lease_until=None)


def _poll(account: ProviderAccount, fence: int) -> int:
    now = timezone.now()
    due = list(
        Rental.objects.select_related("account")
        .filter(account=account, next_poll_at__lte=now)
        .order_by("next_poll_at")[:AT_ONCE]
    )
    if not due:
        return 0
    try:
        door = gateway.open_door(account)
    except gateway.NoKey:
        _postpone(due, now)
        return 0
    if account.throttled_until is not None:
        due = due[:1]  # one asks whether the provider's patience is back, before all the others
    granted = gateway.reserve(account, Lane.POLL, wanted=len(due), now=now).granted
    chosen = {rental.pk: rental for rental in due[:granted]}
    turn = _Turn(door, fence, _room(account, now), now)
    calls = {pk: _look_at(rental, door) for pk, rental in chosen.items()}
    for pk, reply in ask_all(door, calls) if calls else ():
        try:
            _apply(chosen[pk], reply, turn)
        except Exception:  # what spoils one rental must not cost the others their answers
            log.exception("poll_failed", rental=pk)
    return len(chosen)


def _room(account: ProviderAccount, now: datetime) -> Room:
    """What the limits leave, and whether webhooks can be relied upon at the moment."""
    usage = gateway.spent(account, now)
    wanting = Rental.objects.filter(account=account, next_poll_at__isnull=False).open().count()
    healthy = account.last_hook_at is not None and now - account.last_hook_at < WEBHOOKS_FRESH
    if usage.limits is None:
        return Room(live=wanting, webhooks_healthy=healthy)
    return Room(
        live=max(1, wanting),
        # A tenth and more is left to rents, cancels and reads of the balance.
        per_minute=max(1, int(usage.limits.per_minute * 0.8)),
        day_left=1 - usage.day / usage.limits.per_day,
        webhooks_healthy=healthy,
    )


def _look_at(rental: Rental, door: gateway.Door) -> Call[Activation]:
    """The cheap read; the one that tells most while even the number is missing."""
    if not rental.phone_raw:
        return door.provider.inspect(rental.activation_id)
    return door.provider.poll(rental.activation_id)


def _apply(rental: Rental, reply: Reply, turn: _Turn) -> None:
    now = timezone.now()
    judged = judge(_look_at(rental, turn.door), reply)
    if judged.value is not None:
        apply_activation(rental, judged.value, now=now)
    news = judged.verdict in (Verdict.THROTTLED, Verdict.BAD_KEY)
    if news or rental.account.key_refused_at or rental.account.throttled_until:
        gateway.note(rental.account, reply, now, door=turn.door)
    _schedule(rental, turn, judged.verdict, now=now)


def _schedule(rental: Rental, turn: _Turn, verdict: Verdict, *, now: datetime) -> None:
    """Say when to ask next, unless somebody else has said so since we began."""
    current = Rental.objects.get(pk=rental.pk)
    upcoming = _upcoming(current, turn.room, verdict, now)
    hinted = current.last_confirm_at
    if hinted is not None and hinted > turn.asked_at:  # this look may have been too early for it
        upcoming = min(upcoming or hinted, hinted)
    as_we_began = When(next_poll_at=rental.next_poll_at, then=Value(upcoming))
    Rental.objects.filter(pk=rental.pk, account__poll_fence=turn.fence).update(
        polls=F("polls") + 1,
        last_polled_at=now if verdict == Verdict.DONE else F("last_polled_at"),
        next_poll_at=Case(as_we_began, default=F("next_poll_at")),
    )


def _upcoming(rental: Rental, room: Room, verdict: Verdict, now: datetime) -> datetime | None:
    if rental.started_at is None or rental.expires_at is None:
        return None
    upcoming = next_look(
        now=now,
        started_at=rental.started_at,
        expires_at=rental.expires_at,
        received=rental.state == RentalState.RECEIVED and not rental.waits_for_more,
        wants_more=rental.multiple_sms,
        room=room,
    )
    if verdict == Verdict.DONE:
        return upcoming
    if upcoming is None:
        return _once_more(rental, now)
    pause = BAD_KEY_PAUSE if verdict == Verdict.BAD_KEY else UNANSWERED_PAUSE
    return max(upcoming, min(now + pause, rental.expires_at))


def _once_more(rental: Rental, now: datetime) -> datetime | None:
    """The last look failed: try again for a little while, a code may still stand there."""
    ended = rental.expires_at
    if ended is not None and now - ended < timedelta(seconds=60):
        return now + UNANSWERED_PAUSE
    return None


def _postpone(rentals: Sequence[Rental], now: datetime) -> None:
    Rental.objects.filter(pk__in=[rental.pk for rental in rentals]).update(
        next_poll_at=now + timedelta(seconds=30)
    )
