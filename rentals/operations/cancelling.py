"""A cancel is carried out: one last look, the cancel, and one more read before it is believed."""

from datetime import timedelta

from django.utils import timezone

from providers.values import Activation, ActivationStatus
from rentals.causes import Cause
from rentals.models import Rental
from rentals.nudges import nudge
from rentals.operations.answers import Judged, Verdict
from rentals.operations.exchange import converse, try_later, wire
from rentals.operations.looking import apply_activation
from rentals.operations.transition import move
from rentals.states import RentalState

ENDED = frozenset({ActivationStatus.CANCELLED, ActivationStatus.EXPIRED, ActivationStatus.FINISHED})
NEAR_END = timedelta(seconds=30)


def carry_out_cancel(rental: Rental) -> None:
    """Cancel at the provider, or learn that a code or the end came first.

    The first cancel goes out even where the look before it failed, because a provider refuses to
    cancel what has received an SMS. A repeated one needs a look that succeeded.
    """
    before = rental.answers.filter(call="cancel")
    sent_before = before.exists()
    look = converse(rental, wire(rental).inspect(rental.activation_id))
    if _settled_by(rental, look, gone_means_cancelled=sent_before):
        return
    if sent_before and look.verdict not in (Verdict.DONE, Verdict.NOT_FOUND):
        try_later(rental, look)
        return
    answer = converse(rental, wire(rental).cancel(rental.activation_id))
    if answer.verdict == Verdict.DONE:
        _believe(rental)
    elif answer.verdict in (Verdict.REFUSED, Verdict.NOT_FOUND):
        _refused(rental, answer.detail)
    else:
        try_later(rental, answer)


def _settled_by(rental: Rental, look: Judged[Activation], *, gone_means_cancelled: bool) -> bool:
    """Whether a read already tells how the cancel ends."""
    if look.value is not None:
        if look.value.messages:
            apply_activation(rental, look.value, now=timezone.now())
            return True
        if look.value.status in ENDED:
            _end(rental, look.value.status)
            return True
    if look.verdict == Verdict.NOT_FOUND and gone_means_cancelled:
        _end(rental, ActivationStatus.CANCELLED)
        return True
    return False


def _believe(rental: Rental) -> None:
    """The provider says that it is cancelled: one more read, for an SMS that was faster."""
    look = converse(rental, wire(rental).inspect(rental.activation_id))
    if _settled_by(rental, look, gone_means_cancelled=True):
        return
    if look.verdict == Verdict.DONE or rental.control_tries >= 3:
        note = ""
        if look.value is not None and look.value.status == ActivationStatus.WAITING:
            note = "The provider confirmed the cancel; its status still read as waiting."
        _end(rental, ActivationStatus.CANCELLED, note)
    else:
        try_later(rental, look)


def _refused(rental: Rental, detail: str) -> None:
    """The provider would not cancel: read why, and go on from there."""
    look = converse(rental, wire(rental).inspect(rental.activation_id))
    if _settled_by(rental, look, gone_means_cancelled=False):
        return
    now = timezone.now()
    if look.verdict == Verdict.NOT_FOUND and _near_end(rental):
        _end(rental, ActivationStatus.EXPIRED)
        return
    move(
        rental.pk,
        frm={RentalState.CANCELLING},
        to=RentalState.WAITING,
        cause=Cause.CANCEL_REFUSED,
        now=now,
        note=detail,
        fields={"control_at": None, "auto_cancel": False, "next_poll_at": now},
    )


def _near_end(rental: Rental) -> bool:
    return rental.expires_at is not None and timezone.now() >= rental.expires_at - NEAR_END


def _end(rental: Rental, status: ActivationStatus, note: str = "") -> None:
    expired = status == ActivationStatus.EXPIRED
    move(
        rental.pk,
        frm={RentalState.CANCELLING},
        to=RentalState.EXPIRED if expired else RentalState.CANCELLED,
        cause=Cause.TIME_UP if expired else Cause.CANCELLED,
        now=timezone.now(),
        note=note,
    )
    nudge("rentals.read_balance", rental.account_id)
