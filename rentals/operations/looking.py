"""What a read of the provider says of a rental is applied to it."""

from datetime import datetime

from providers.phone import e164
from providers.values import Activation, ActivationStatus
from rentals import channels
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations.receiving import Sighting, receive
from rentals.operations.transition import move
from rentals.states import RentalState, Source


def apply_activation(rental: Rental, activation: Activation, *, now: datetime) -> None:
    """Attach the messages of a read, and believe a provider that says that the rental ended."""
    if activation.phone_number and not rental.phone_raw and rental.number_purged_at is None:
        _learn_number(rental, activation.phone_number)
    sightings = [
        Sighting(rental_id=rental.pk, message=message, source=Source.POLL, seen_at=now)
        for message in activation.messages
    ]
    if sightings:
        receive(sightings, now=now)
    elif activation.status == ActivationStatus.EXPIRED:
        move(
            rental.pk,
            frm={RentalState.WAITING},
            to=RentalState.EXPIRED,
            cause=Cause.ENDED_AT_PROVIDER,
            now=now,
        )
    elif activation.status == ActivationStatus.CANCELLED:
        # The read in front of the cancel sees the same, and ends it.
        move(
            rental.pk,
            frm={RentalState.WAITING},
            to=RentalState.CANCELLING,
            cause=Cause.ENDED_AT_PROVIDER,
            now=now,
            fields={"control_at": now, "control_tries": 0},
        )


def _learn_number(rental: Rental, phone_number: str) -> None:
    """The answer to the rent lacked the number, and this read has it."""
    learned = Rental.objects.filter(pk=rental.pk, phone_raw="", number_purged_at=None).update(
        phone_raw=phone_number, phone_e164=e164(phone_number) or ""
    )
    if learned:
        channels.publish(rental)
