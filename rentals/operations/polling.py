"""One provider account's rentals are asked for, together, where it is worth it, in its limits."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import gateway, request_log
from accounts.models import ProviderAccount, SentRequest
from accounts.states import Lane
from providers.calls import Call, Reply
from providers.values import Activation, ActivationStatus
from rentals.models import Rental
from rentals.operations import watching
from rentals.operations.answers import Judged, Verdict, judge
from rentals.operations.looking import apply_activation
from rentals.operations.watching import Row, Sight
from rentals.pacing import turns
from rentals.pacing.choosing import Watch, choose, next_due
from rentals.polling import LAST_LOOK, SOUGHT_FOR, upcoming
from rentals.states import GIVEN_UP, RentalState
from rentals.workers.pollers import ask_all

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=10)
GO_ON_FOR = timedelta(seconds=3)  # while as many are due as a turn takes; a task ends within five
UNANSWERED_PAUSE = timedelta(seconds=5)
BAD_KEY_PAUSE = timedelta(seconds=30)
NO_KEY_PAUSE = timedelta(seconds=30)
SAVE_EVERY = 100  # looks that found nothing, which say only when to ask next

# Where somebody else has said meanwhile when to ask next, that stands; where there was a hint
# after the question went out, the answer may have been too early for it.
SAVE = """
UPDATE rentals_rental AS rental SET
    polls = rental.polls + looked.asked,
    last_polled_at = COALESCE(looked.seen, rental.last_polled_at),
    blank_poll_at = CASE WHEN looked.found
        THEN COALESCE(rental.blank_poll_at, rental.last_polled_at) ELSE rental.blank_poll_at END,
    planned_poll_at = CASE WHEN rental.next_poll_at IS NOT DISTINCT FROM looked.was
        THEN looked.planned ELSE rental.planned_poll_at END,
    next_poll_at = CASE WHEN rental.next_poll_at IS NOT DISTINCT FROM looked.was
        THEN LEAST(looked.due, CASE WHEN rental.last_confirm_at > %(asked_at)s
            THEN rental.last_confirm_at END)
        ELSE rental.next_poll_at END
FROM unnest(
    %(id)s::bigint[], %(asked)s::int[], %(found)s::bool[], %(seen)s::timestamptz[],
    %(was)s::timestamptz[], %(due)s::timestamptz[], %(planned)s::timestamptz[]
) AS looked(id, asked, found, seen, was, due, planned)
WHERE rental.id = looked.id AND EXISTS (
    SELECT FROM accounts_provideraccount AS account
    WHERE account.id = rental.account_id AND account.poll_fence = %(fence)s
)
"""


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn works with: the way to the provider, its lease's fence, when it asked."""

    account: ProviderAccount
    door: gateway.Door
    fence: int
    sight: Sight
    price: float
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class _Saved:
    """What a row is to say after a look, or where it was not worth one."""

    id: int
    was: datetime | None  # the next_poll_at that this replaces
    due: datetime | None
    planned: datetime | None = None  # the same where it was planned by its worth
    asked: int = 1
    seen: datetime | None = None
    found: bool = False


def accounts_with_due_polls(now: datetime) -> list[int]:
    """The provider accounts for which a poll task is worth starting now."""
    is_due = Q(next_poll_at__lte=now)
    is_new = Q(
        next_poll_at__isnull=False,
        planned_poll_at__isnull=True,
        last_confirm_at__isnull=True,
        state=RentalState.WAITING,
        polls=0,
    )
    accounts = ProviderAccount.objects.filter(
        Q(poll_lease_until__isnull=True) | Q(poll_lease_until__lte=now),
        Q(throttled_until__isnull=True) | Q(throttled_until__lte=now),
        pk__in=Rental.objects.filter(is_due | is_new).values("account"),
    )
    return list(accounts.values_list("pk", flat=True))


def poll_account(account_id: int) -> int:
    """Ask for every rental of an account that is worth it; returns how many were asked for.

    A lease keeps this to one task at a time. A task that lost its lease to another still attaches
    the messages that it was given, but no longer says when to ask next.
    """
    began = timezone.now()
    fence = _take_lease(account_id, began)
    if fence is None:
        return 0
    asked = 0
    try:
        while True:
            account = ProviderAccount.objects.get(pk=account_id)
            turn = _poll(account, fence) if account.poll_fence == fence else 0
            asked += turn
            if turn < turns.AT_ONCE or timezone.now() - began > GO_ON_FOR:
                return asked
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
    now, began = timezone.now(), time.monotonic()
    rows = {row.pk: row for row in watching.rows_of(account)}
    if not rows:
        return 0
    try:
        door = gateway.open_door(account)
    except gateway.NoKey:
        _postpone(rows.values(), now)
        return 0
    sight = watching.sight_of(account, now)
    watches = [watching.watch(row, sight, now) for row in rows.values()]
    means = watching.means(account, watches, sight, now)
    cost = turns.price(watches, means, watching.usual(watches, sight), now.timestamp())
    turn = _Turn(account, door, fence, sight, cost, now)
    polls, spared = _granted(account, watches, means, cost, now)
    chosen = polls + spared
    _replan(watches, {watch.key for watch in chosen}, rows, turn)
    if chosen:
        lanes = {watch.key: Lane.CONTROL for watch in spared}
        _ask(chosen, rows, turn, lanes, named=means.limits is not None)
        overdue = [now.timestamp() - watch.due for watch in chosen]
        watching.remember_effort(account, overdue, took=time.monotonic() - began)
    return len(chosen)


def _granted(
    account: ProviderAccount,
    watches: Sequence[Watch],
    means: turns.Means,
    cost: float,
    now: datetime,
) -> tuple[list[Watch], list[Watch]]:
    """Those to ask for now: as polls, and as last looks, which go before other polls' share.

    After a 429 one asks whether the provider's patience is back, before all the others.
    """
    moment = now.timestamp()
    chosen = choose(watches, price=cost, room=turns.AT_ONCE, now=moment)
    if account.throttled_until is not None:
        chosen = chosen[:1]
    room = min(len(chosen), turns.room(means, moment))
    polls = gateway.reserve(account, Lane.POLL, wanted=room, now=now).granted if room else 0
    last = [watch for watch in chosen[polls:] if watch.is_owed(moment)]
    spared = (
        gateway.reserve(account, Lane.CONTROL, wanted=len(last), now=now).granted if last else 0
    )
    return chosen[:polls], last[:spared]


def _replan(
    watches: Iterable[Watch], asked: set[int], rows: Mapping[int, Row], turn: _Turn
) -> None:
    """Say when the new ones are next, and those that were due but are not worth it now."""
    moment = turn.asked_at.timestamp()
    saved = []
    for watch in watches:
        row = rows[watch.key]
        if watch.key in asked:
            continue
        if moment >= watch.due and turn.price > watch.dearest:
            saved.append(_Saved(watch.key, row.next_poll_at, None, asked=0))
        elif watch.planned and (row.planned_poll_at is None or moment >= watch.due):
            due = next_due(watch, price=turn.price, now=moment)
            if row.planned_poll_at is not None and due <= moment + 1:
                continue  # it stays due, until there is room
            at = datetime.fromtimestamp(max(due, moment + 1), UTC)
            saved.append(_Saved(watch.key, row.next_poll_at, at, planned=at, asked=0))
    _save(saved, turn)


def _ask(
    chosen: Sequence[Watch],
    rows: Mapping[int, Row],
    turn: _Turn,
    lanes: Mapping[int, Lane],
    *,
    named: bool,
) -> None:
    """Ask for all of them at once; apply each answer as it comes. `lanes`: other than polls'."""
    rentals = Rental.objects.select_related("account").in_bulk([watch.key for watch in chosen])
    watches = {watch.key: watch for watch in chosen if watch.key in rentals}
    calls = {pk: _look_at(rentals[pk], turn.door) for pk in watches}
    nothing: list[_Saved] = []
    sent: list[SentRequest] = []
    refused = False
    for pk, reply in ask_all(turn.door, calls):
        try:
            judged = judge(calls[pk], reply)
            sent.append(_line(calls[pk], reply, judged, lanes.get(pk, Lane.POLL), turn))
            refused = refused or judged.verdict == Verdict.THROTTLED
            if _is_nothing(judged, rentals[pk]):
                nothing.append(_after_nothing(watches[pk], rows[pk], turn))
            else:
                _apply(rentals[pk], rows[pk], reply, judged, turn)
        except Exception:  # what spoils one rental must not cost the others their answers
            log.exception("poll_failed", rental=pk)
        if len(nothing) >= SAVE_EVERY:
            _save(nothing, turn)
            nothing = []
    _save(nothing, turn)
    request_log.keep(request_log.gathered(sent))
    if not named:
        watching.remember_patience(turn.account, timezone.now(), refused=refused)


def _line(
    call: Call[Activation], reply: Reply, judged: Judged[Activation], lane: Lane, turn: _Turn
) -> SentRequest:
    return request_log.line(
        turn.account.pk, call, reply, lane=lane, at=turn.asked_at, judged=judged
    )


def _look_at(rental: Rental, door: gateway.Door) -> Call[Activation]:
    """The cheap read; the one that tells most while even the number is missing, or of what is
    over: a status to wait by may be told of nothing but what lives."""
    if not rental.phone_raw or rental.state in GIVEN_UP | {RentalState.EXPIRED}:
        return door.provider.inspect(rental.activation_id)
    return door.provider.poll(rental.activation_id)


def _is_nothing(judged: Judged[Activation], rental: Rental) -> bool:
    """Whether the answer says no more than that nothing has come yet."""
    account = rental.account
    return (
        judged.value is not None
        and not judged.value.messages
        and judged.value.status in (ActivationStatus.WAITING, ActivationStatus.UNKNOWN)
        and rental.phone_raw != ""
        and account.key_refused_at is None
        and account.throttled_until is None
    )


def _after_nothing(watch: Watch, row: Row, turn: _Turn) -> _Saved:
    seen, now = turn.asked_at, timezone.now()
    watch.seen = seen.timestamp()
    due, planned = _next(watch, row, turn.price, now)
    return _Saved(row.pk, row.next_poll_at, due, planned=planned, seen=seen)


def _next(
    watch: Watch, row: Row, price: float, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """When a rental is next after a look, and the same again where that was planned by worth."""
    if row.expires_at is None or row.state in GIVEN_UP:
        return None, None
    plan = datetime.fromtimestamp(next_due(watch, price=price, now=now.timestamp()), UTC)
    received = row.state == RentalState.RECEIVED and not row.waits_for_more
    due = upcoming(plan, now=now, expires_at=row.expires_at, received=received)
    return due, due if due is not None and now.timestamp() < watch.last else None


def _apply(rental: Rental, row: Row, reply: Reply, judged: Judged[Activation], turn: _Turn) -> None:
    """Attach what was found, or note what went wrong, and say when to ask next."""
    now = timezone.now()
    if judged.value is not None:
        apply_activation(rental, judged.value, now=now)
    news = judged.verdict in (Verdict.THROTTLED, Verdict.BAD_KEY)
    if news or rental.account.key_refused_at or rental.account.throttled_until:
        gateway.note(rental.account, reply, now, door=turn.door)
    _save([_after_answer(row, judged, turn, now)], turn)


def _after_answer(row: Row, judged: Judged[Activation], turn: _Turn, now: datetime) -> _Saved:
    done = judged.verdict == Verdict.DONE
    seen = turn.asked_at if done else None
    found = judged.value is not None and bool(judged.value.messages)
    current = watching.row_of(Rental.objects.get(pk=row.pk))
    if current is None:  # it is not to be asked for any more
        return _Saved(row.pk, row.next_poll_at, None, seen=seen, found=found)
    watch = watching.watch(current, turn.sight, now)
    watch.seen = seen.timestamp() if seen else watch.seen
    due, planned = _next(watch, current, turn.price, now)
    if not done:
        due = _after_failure(due, current, judged.verdict, now)
        planned = None
    return _Saved(row.pk, row.next_poll_at, due, planned=planned, seen=seen, found=found)


def _after_failure(
    due: datetime | None, row: Row, verdict: Verdict, now: datetime
) -> datetime | None:
    """Later than planned, but before the end; after it once more for a little while, and ever more
    seldom where it ended unseen.

    A provider that does not know a rental any more, at its end, need not be asked again.
    """
    if row.expires_at is None:
        return None
    last = row.expires_at - LAST_LOOK
    if due is not None:
        return max(due, min(now + _pause(row, verdict, now), last if now < last else due))
    over_for = now - row.expires_at
    if verdict == Verdict.NOT_FOUND:
        return None
    if over_for < timedelta(seconds=60):
        return now + UNANSWERED_PAUSE  # a code may still stand there
    is_sought = row.state in (RentalState.WAITING, RentalState.EXPIRED)
    return now + over_for / 4 if is_sought and over_for < SOUGHT_FOR else None


def _pause(row: Row, verdict: Verdict, now: datetime) -> timedelta:
    """What is not found before its end is asked for ever more seldom: it may have ended there."""
    if verdict == Verdict.BAD_KEY:
        return BAD_KEY_PAUSE
    known = row.last_polled_at or row.started_at
    if verdict != Verdict.NOT_FOUND or known is None:
        return UNANSWERED_PAUSE
    return max(UNANSWERED_PAUSE, (now - known) / 4)


def _save(looked: Sequence[_Saved], turn: _Turn) -> None:
    if not looked:
        return
    names = ("id", "asked", "found", "seen", "was", "due", "planned")
    columns = {name: [getattr(each, name) for each in looked] for name in names}
    with transaction.atomic(), connection.cursor() as cursor:
        _lock(columns["id"])
        cursor.execute(SAVE, {**columns, "fence": turn.fence, "asked_at": turn.asked_at})


def _postpone(rows: Iterable[Row], now: datetime) -> None:
    due = [row.pk for row in rows if row.next_poll_at <= now]
    with transaction.atomic():
        _lock(due)
        Rental.objects.filter(pk__in=due).update(next_poll_at=now + NO_KEY_PAUSE)


def _lock(rental_ids: Collection[int]) -> None:
    """In the order of their ids, as whoever else locks several: so nobody waits in a circle."""
    rows = Rental.objects.select_for_update(no_key=True).filter(pk__in=rental_ids).order_by("pk")
    list(rows.values_list("pk"))
