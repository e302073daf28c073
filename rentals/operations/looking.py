"""What a read of the provider says of a rental is applied to it."""

from datetime import datetime

from providers.values import Activation, ActivationStatus
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations.receiving import Sighting, receive
from rentals.operations.transition import move
from rentals.states import RentalState, Source


def apply_activation(rental: Rental, activation: Activation, *, now: datetime) -> None:
    """Attach the messages of a read, and believe a provider that says that the rental ended."""
    sightings = [
        Sighting(message=message, source=Source.POLL, seen_at=now)
        for message in activation.messages
    ]
    if sightings:
        receive(rental.pk, sightings, now=now)
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
