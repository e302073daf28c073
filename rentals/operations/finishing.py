"""A finish is carried out: told to the provider where it wants to know."""

from django.utils import timezone

from providers.values import Activation, ActivationStatus
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations.answers import Judged, Verdict
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
    if rental.control_tries > 1:
        look = _look(rental)
        if _ended(look):
            _finished(rental)
            return
        if look.value is None:
            _again(rental, look)
            return
    _send(rental)


def _send(rental: Rental) -> None:
    answer = converse(rental, wire(rental).finish(rental.activation_id))
    refused = answer.verdict in (Verdict.REFUSED, Verdict.NOT_FOUND)
    if answer.verdict == Verdict.DONE or (refused and _ended(_look(rental))):
        _finished(rental)
    elif refused:
        _give_back(rental, answer.detail)
    else:
        _again(rental, answer)


def _look(rental: Rental) -> Judged[Activation]:
    look = converse(rental, wire(rental).inspect(rental.activation_id))
    if look.value is not None:
        apply_activation(rental, look.value, now=timezone.now())
    return look


def _ended(look: Judged[Activation]) -> bool:
    if look.value is None:
        return look.verdict == Verdict.NOT_FOUND
    return look.value.status in ENDED


def _again[T](rental: Rental, judged: Judged[T]) -> None:
    if rental.control_tries < TRIES:
        try_later(rental, judged)
    else:
        _give_back(rental, judged.detail)


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
