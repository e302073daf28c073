"""A finish is carried out: told to the provider where it wants to know."""

from django.utils import timezone

from providers.values import ActivationStatus
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations.answers import Verdict
from rentals.operations.exchange import converse, try_later, wire
from rentals.operations.looking import apply_activation
from rentals.operations.transition import move, note_event
from rentals.states import RentalState

TRIES = 6
ENDED = frozenset({ActivationStatus.FINISHED, ActivationStatus.CANCELLED, ActivationStatus.EXPIRED})


def carry_out_finish(rental: Rental) -> None:
    """Mark the rental as finished, at the provider first where it can be told.

    A repeated finish comes after a read. What the provider can't be told in a few tries costs
    nothing: the rental is given back to its person, and ends with its time.
    """
    if not wire(rental).capabilities.finish:
        _finished(rental)
        return
    if rental.control_tries > 1 and _has_ended(rental):
        return
    answer = converse(rental, wire(rental).finish(rental.activation_id))
    if answer.verdict == Verdict.DONE:
        _finished(rental)
    elif answer.verdict in (Verdict.REFUSED, Verdict.NOT_FOUND):
        if not _has_ended(rental):
            _give_back(rental, answer.detail)
    elif rental.control_tries >= TRIES:
        _give_back(rental, answer.detail)
    else:
        try_later(rental, answer)


def _has_ended(rental: Rental) -> bool:
    look = converse(rental, wire(rental).inspect(rental.activation_id))
    if look.value is not None:
        apply_activation(rental, look.value, now=timezone.now())
    ended = look.verdict == Verdict.NOT_FOUND or (
        look.value is not None and look.value.status in ENDED
    )
    if ended:
        _finished(rental)
    return ended


def _finished(rental: Rental) -> None:
    move(
        rental.pk,
        frm={RentalState.RECEIVED},
        to=RentalState.FINISHED,
        cause=Cause.FINISHED,
        now=timezone.now(),
    )


def _give_back(rental: Rental, detail: str) -> None:
    Rental.objects.filter(pk=rental.pk, state=RentalState.RECEIVED).update(
        finish_requested_at=None, control_at=None
    )
    rental.refresh_from_db()
    note_event(rental, cause=Cause.FINISH_FAILED, now=timezone.now(), note=detail)
