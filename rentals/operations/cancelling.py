"""A cancel is carried out: one last look, the cancel, and one more read before it is believed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from providers.values import Activation, ActivationStatus
from rentals import money, polling
from rentals.causes import Cause
from rentals.models import Rental
from rentals.nudges import nudge
from rentals.operations.answers import Judged, Verdict, cancel_confirmed
from rentals.operations.exchange import converse, try_later, wire
from rentals.operations.looking import apply_activation
from rentals.operations.transition import locked, move
from rentals.states import RentalState

ENDED = frozenset({ActivationStatus.CANCELLED, ActivationStatus.EXPIRED, ActivationStatus.FINISHED})
NOT_DONE = frozenset({Verdict.THROTTLED, Verdict.BAD_KEY})
SEEN = frozenset({Verdict.DONE, Verdict.NOT_FOUND})
READ_NO_MORE = "The provider confirmed the cancel; it could not be read after that."
NEVER_CONFIRMED = "The cancel could not be confirmed."
ENDED_UNSEEN = "The provider could not be asked; it is asked again as soon as that is possible."
STILL_WAITING = "The provider confirmed the cancel; its status still read as waiting."
BELIEVED_AFTER = 3  # tries to read a rental whose cancel was confirmed, or that is long over
LONG_OVER = timedelta(minutes=2)  # after its end nothing is sent for a rental any more


def carry_out_cancel(rental: Rental) -> None:
    """Cancel at the provider, or learn that a code or the end came first.

    The first cancel goes out even where the look before it failed, because a provider refuses to
    cancel what has received an SMS. One that may have been done is sent again only after a look
    that succeeded, and never once it was confirmed. What is long over, because nothing ran
    meanwhile, gets the look and no more.
    """
    look = _look(rental)
    if _settled_by(rental, look):
        return
    if cancel_confirmed(rental):
        _conclude(rental, look)
    elif _is_long_over(rental):
        _give_up(rental, look)
    elif rental.cancel_sent_at is None or look.verdict in SEEN:
        _send(rental)
    else:
        try_later(rental, look)


def _is_long_over(rental: Rental) -> bool:
    return rental.expires_at is not None and rental.expires_at + LONG_OVER <= timezone.now()


def _give_up(rental: Rental, look: Judged[Activation]) -> None:
    """It has ended. A look that failed is tried again first: a code may stand there."""
    is_seen = look.verdict in SEEN
    if not is_seen and rental.control_tries < BELIEVED_AFTER:
        try_later(rental, look)
        return
    now = timezone.now()
    move(
        rental.pk,
        frm={RentalState.CANCELLING},
        to=RentalState.EXPIRED,
        cause=Cause.TIME_UP,
        now=now,
        note=NEVER_CONFIRMED if is_seen else ENDED_UNSEEN,
        fields={} if is_seen else polling.after_unseen_end(now),
    )


def _look(rental: Rental) -> Judged[Activation]:
    return converse(rental, wire(rental).inspect(rental.activation_id))


def _settled_by(rental: Rental, look: Judged[Activation]) -> bool:
    """Whether a read tells how the cancel ends. What may be cancelled and is gone was cancelled; so
    was what the provider has confirmed, though its time may be up by now."""
    if look.value is not None:
        if look.value.messages:
            apply_activation(rental, look.value, now=timezone.now())
            return True
        if look.value.status in ENDED:
            is_cancelled = cancel_confirmed(rental)
            _end(rental, ActivationStatus.CANCELLED if is_cancelled else look.value.status)
            return True
    if look.verdict == Verdict.NOT_FOUND and rental.cancel_sent_at is not None:
        note = "" if cancel_confirmed(rental) else "No answer confirmed it, but it is gone."
        _end(rental, ActivationStatus.CANCELLED, note)
        return True
    return False


def _send(rental: Rental) -> None:
    sent_before = rental.cancel_sent_at
    _mark_sent(rental, timezone.now())
    answer = converse(rental, wire(rental).cancel(rental.activation_id))
    if answer.verdict == Verdict.DONE:
        _believe(rental)
        return
    if answer.verdict in NOT_DONE | {Verdict.REFUSED, Verdict.NOT_FOUND}:
        _mark_sent(rental, sent_before)
    if answer.verdict in (Verdict.REFUSED, Verdict.NOT_FOUND):
        _refused(rental, answer.detail)
    else:
        try_later(rental, answer)


def _mark_sent(rental: Rental, at: datetime | None) -> None:
    """Write down before the call that it may be done from now on, whatever becomes of us."""
    rental.cancel_sent_at = at
    Rental.objects.filter(pk=rental.pk).update(cancel_sent_at=at)


def _believe(rental: Rental) -> None:
    """The provider says that it is cancelled: one more read, for an SMS that was faster."""
    _claim_if_overtaken(rental)
    look = _look(rental)
    if not _settled_by(rental, look):
        _conclude(rental, look)


def _claim_if_overtaken(rental: Rental) -> None:
    """Where something came before the provider's word, and knew of no word yet: an SMS by webhook,
    the sweep that gave it up, a worker that had taken over."""
    with transaction.atomic():
        for current in locked([rental.pk]):
            if current.state in (RentalState.RECEIVED, RentalState.FINISHED):
                money.claim_overtaken(current, now=timezone.now())
            elif current.state in (RentalState.EXPIRED, RentalState.WAITING):
                money.claim_cancelled(current, confirmed=True, now=timezone.now())


def _conclude(rental: Rental, look: Judged[Activation]) -> None:
    """End what the provider confirmed, unless the read after it should be tried again."""
    if look.verdict != Verdict.DONE and rental.control_tries < BELIEVED_AFTER:
        try_later(rental, look)
        return
    waits = look.value is not None and look.value.status == ActivationStatus.WAITING
    note = STILL_WAITING if waits else "" if look.verdict in SEEN else READ_NO_MORE
    _end(rental, ActivationStatus.CANCELLED, note)


def _refused(rental: Rental, detail: str) -> None:
    """The provider would not cancel: read why, and go on from there. What it has cancelled for
    somebody who was faster, it cancels no more."""
    look = _look(rental)
    if _settled_by(rental, look):
        return
    if cancel_confirmed(rental):
        _conclude(rental, look)
        return
    now = timezone.now()
    move(
        rental.pk,
        frm={RentalState.CANCELLING},
        to=RentalState.WAITING,
        cause=Cause.CANCEL_REFUSED,
        now=now,
        note=detail,
        fields={
            "control_at": None,
            "cancel_sent_at": None,
            "auto_cancel": False,
            "next_poll_at": now,
        },
    )


def _end(rental: Rental, status: ActivationStatus, note: str = "") -> None:
    """Cancelled, its money is owed from the same moment on, also if the sweep has given it up. For
    what ended by itself none is."""
    cancelled = status == ActivationStatus.CANCELLED
    now = timezone.now()
    with transaction.atomic():
        ended = move(
            rental.pk,
            frm={RentalState.CANCELLING},
            to=RentalState.CANCELLED if cancelled else RentalState.EXPIRED,
            cause=Cause.CANCELLED if cancelled else Cause.ENDED_AT_PROVIDER,
            now=now,
            note=note,
        )
        ended = ended or locked([rental.pk]).filter(state=RentalState.EXPIRED).first()
        if ended is not None and cancelled:
            money.claim_cancelled(ended, confirmed=cancel_confirmed(ended), now=now)
    nudge("rentals.read_balance", rental.account_id)
