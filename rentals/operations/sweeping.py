"""What is due by the rows alone, found every few seconds: nothing depends on a message."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

import structlog
from django.db.models import Exists, OuterRef, Q

from rentals import polling
from rentals.causes import Cause
from rentals.models import InboxEntry, Message, ProviderAnswer, Rental
from rentals.operations import adopting, findings, mailing, outcomes, sending
from rentals.operations.answers import Verdict
from rentals.operations.cancelling import ENDED_UNSEEN, LONG_OVER
from rentals.operations.controlling import CLAIM, begin_cancel
from rentals.operations.transition import move
from rentals.states import WITHOUT_NUMBER, RentalState

log = structlog.get_logger(__name__)

NUDGE_AGAIN = timedelta(seconds=2)
HOOKS_A_SWEEP = 1000
HOOKS_A_TASK = 50
DOUBT_AFTER = timedelta(seconds=30)  # a sent rent without an answer: the page says so
CANCEL_LEAD = timedelta(seconds=25)  # before the end: time for a look, a cancel, a retry
CANCEL_LEAD_SHARE = 4  # but no more than this part of a short time-to-live
AFTER_END = timedelta(seconds=5)
AFTER_END_UNSEEN = timedelta(seconds=60)  # where the last look has not been answered
KEEP_IN_SIGHT = timedelta(minutes=5)  # a code stays on the board, even one that came late

Run = Callable[..., Any]  # run(task name, *args): a nudge, or the work itself


def sweep(now: datetime, run: Run) -> None:
    """Find every row on which something is due, and do it or have it done by `run`.

    A row that fails is logged and does not keep the others waiting.
    """
    for step in STEPS:
        step(now)
    for hand_out in (_unsent, _controls, _unapplied_hooks, _doubts, _mails):
        hand_out(now, run)


def _each(rentals: Iterable[Rental], do: Callable[[Rental], object]) -> None:
    for rental in rentals:
        try:
            do(rental)
        except Exception:
            log.exception("sweep_failed", rental=rental.pk)


def _unapplied_rents(now: datetime) -> None:
    """Answers that were kept by a worker that died before it applied them."""
    this_attempt = ProviderAnswer.objects.filter(
        rental=OuterRef("pk"), call="rent", asked_at=OuterRef("sent_at")
    )
    decided = this_attempt.exclude(verdict=Verdict.UNKNOWN)
    rentals = Rental.objects.select_related("account").filter(
        Q(Exists(this_attempt), state=RentalState.REQUESTED)
        | Q(_due(now), Exists(decided), state=RentalState.IN_DOUBT)
    )
    _each(rentals, lambda rental: sending.apply_stored_rent(rental, now=now))


def _late_numbers(now: datetime) -> None:
    """The same, of rentals that were decided while their worker died: their number is paid for."""
    number = ProviderAnswer.objects.filter(
        rental=OuterRef("pk"), call="rent", asked_at=OuterRef("sent_at"), verdict=Verdict.DONE
    )
    rentals = Rental.objects.select_related("account").filter(
        _due(now),
        Exists(number),
        state__in=WITHOUT_NUMBER,
        activation_id="",
        ended_at__gt=now - outcomes.LATE_NUMBERS_FOR,
    )
    _each(rentals, lambda rental: sending.apply_stored_rent(rental, now=now))


def _due(now: datetime) -> Q:
    """Not put off: an answer that another rental contradicts is read seldom."""
    return Q(control_at__isnull=True) | Q(control_at__lte=now)


def _findings(now: datetime) -> None:
    for pk in findings.waiting():
        try:
            findings.consume(pk, now=now)
        except Exception:
            log.exception("finding_failed", finding=pk)


def _unsent(now: datetime, run: Run) -> None:
    unsent = Rental.objects.filter(
        _due(now),
        state=RentalState.REQUESTED,
        sent_at__isnull=True,
        requested_at__lte=now - NUDGE_AGAIN,
    )
    too_late = unsent.filter(requested_at__lte=now - outcomes.UNSENT_FOR)
    _each(too_late, lambda rental: outcomes.give_up_unsent(rental, now=now))
    for pk in unsent.filter(requested_at__gt=now - outcomes.UNSENT_FOR).values_list(
        "pk", flat=True
    ):
        run("rentals.send_rent", pk)


def _unanswered(now: datetime) -> None:
    unanswered = Rental.objects.in_flight().filter(sent_at__lte=now - DOUBT_AFTER)
    _each(unanswered, lambda rental: outcomes.doubt_unanswered(rental, now=now))


def _controls(now: datetime, run: Run) -> None:
    due = Rental.objects.open().filter(control_at__lte=now)
    for pk in due.values_list("pk", flat=True):
        run("rentals.send_control", pk)


def _unapplied_hooks(now: datetime, run: Run) -> None:
    """Webhooks that no worker has looked at, or whose activation we know by now."""
    known = Rental.objects.filter(
        account=OuterRef("account"), activation_id=OuterRef("activation_id")
    )
    entries = InboxEntry.objects.filter(
        Q(outcome="") | Exists(known),
        applied_at__isnull=True,
        purged_at__isnull=True,
        received_at__lte=now - NUDGE_AGAIN,
    )
    due = entries.order_by("received_at").values_list("pk", flat=True)[:HOOKS_A_SWEEP]
    # Many a task: one each would fill the queue faster than it drains after an outage.
    for some in batched(due, HOOKS_A_TASK, strict=False):
        run("rentals.apply_inbox", *some)


def _doubts(now: datetime, run: Run) -> None:
    for pk in adopting.entries_worth_adopting(now):
        run("rentals.adopt", pk)


def _mails(now: datetime, run: Run) -> None:
    for pk in mailing.due_mails(now):
        run("rentals.mail_request", pk)


def _auto_cancels(now: datetime) -> None:
    empty = Rental.objects.filter(
        state=RentalState.WAITING,
        auto_cancel=True,
        expires_at__lte=now + CANCEL_LEAD,
        expires_at__gt=now,
    )
    due = [rental for rental in empty if _ends_soon(rental, now)]
    _each(due, lambda rental: begin_cancel(rental, cause=Cause.AUTO_CANCEL, actor=None, now=now))


def _ends_soon(rental: Rental, now: datetime) -> bool:
    lead = min(CANCEL_LEAD, timedelta(seconds=rental.ttl / CANCEL_LEAD_SHARE))
    return rental.expires_at is not None and rental.expires_at - now <= lead


def _expired(now: datetime) -> None:
    """The end has come, and the look after it was answered or can't be."""
    over = Rental.objects.filter(
        Q(next_poll_at__isnull=True) | Q(expires_at__lte=now - AFTER_END_UNSEEN),
        state=RentalState.WAITING,
        expires_at__lte=now - AFTER_END,
    )
    _each(over, lambda rental: _expire(rental, now))


def _expire(rental: Rental, now: datetime) -> None:
    is_seen = rental.next_poll_at is None
    move(
        rental.pk,
        frm={RentalState.WAITING},
        to=RentalState.EXPIRED,
        cause=Cause.TIME_UP,
        now=now,
        note="" if is_seen else ENDED_UNSEEN,
        fields={} if is_seen else polling.after_unseen_end(now),
    )


def _unseen_for_long(now: datetime) -> None:
    """What ended unseen, and can't be asked for, is asked for no more."""
    past = now - polling.SOUGHT_FOR
    hinted = Q(last_confirm_at__isnull=True) | Q(last_confirm_at__lte=past)
    unseen = Rental.objects.filter(state=RentalState.EXPIRED, next_poll_at__isnull=False)
    unseen.filter(hinted, ended_at__lte=past).update(next_poll_at=None)


def _ended(now: datetime) -> None:
    recent = Message.objects.filter(rental=OuterRef("pk"), seen_at__gt=now - KEEP_IN_SIGHT)
    done = Rental.objects.filter(
        ~Exists(recent), state=RentalState.RECEIVED, expires_at__lte=now - AFTER_END
    )
    _each(
        done,
        lambda rental: move(
            rental.pk,
            frm={RentalState.RECEIVED},
            to=RentalState.FINISHED,
            cause=Cause.TIME_UP,
            now=now,
        ),
    )


def _put_off_cancels(now: datetime) -> None:
    """Well after the end no cancel waits any longer: a worker takes a last look, and ends it."""
    put_off = Q(control_at__isnull=True) | Q(control_at__gt=now + CLAIM)
    Rental.objects.filter(
        put_off, state=RentalState.CANCELLING, expires_at__lte=now - LONG_OVER
    ).update(control_at=now)


STEPS = (
    _unapplied_rents,
    _late_numbers,
    _unanswered,
    _findings,
    _auto_cancels,
    _expired,
    _unseen_for_long,
    _ended,
    _put_off_cancels,
)
