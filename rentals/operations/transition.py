"""The one place where a rental changes its state."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from rentals import channels
from rentals.causes import Cause
from rentals.models import Rental, RentalEvent
from rentals.states import LIVE, MOVES, OPEN, RentalState


def move(
    rental_id: int,
    *,
    frm: Collection[RentalState],
    to: RentalState,
    cause: Cause,
    now: datetime,
    actor: User | None = None,
    note: str = "",
    fields: Mapping[str, Any] | None = None,
) -> Rental | None:
    """Compare and set: move the rental to `to` if it is in one of `frm`, and write the event.

    `fields` are set along with the state. Returns the rental as it is now, or None where it was
    in another state: then nothing changed. Raises ValueError for a move that MOVES rules out.
    """
    with transaction.atomic():
        rental = (
            Rental.objects.select_for_update(of=("self",))
            .select_related("account__team")
            .filter(pk=rental_id, state__in=frm)
            .first()
        )
        if rental is None:
            return None
        was = RentalState(rental.state)
        if to not in MOVES[was]:
            raise ValueError(f"a rental can't go from {was} to {to}")
        changes = {**_tidied(to, now), **(fields or {}), "state": to}
        for name, value in changes.items():
            setattr(rental, name, value)
        rental.save(update_fields=list(changes))
        _tell(rental, was=was, cause=cause, now=now, actor=actor, note=note)
    return rental


def note_event(
    rental: Rental, *, cause: Cause, now: datetime, actor: User | None = None, note: str = ""
) -> None:
    """Write down something that moved nothing."""
    with transaction.atomic():
        _tell(rental, was=RentalState(rental.state), cause=cause, now=now, actor=actor, note=note)


def _tidied(to: RentalState, now: datetime) -> dict[str, Any]:
    """What every move to `to` means for the row: nothing is due where nothing can come."""
    changes: dict[str, Any] = {"ended_at": None if to in LIVE else now}
    if to not in OPEN:
        changes |= {"next_poll_at": None, "control_at": None}
    return changes


def _tell(
    rental: Rental,
    *,
    was: RentalState,
    cause: Cause,
    now: datetime,
    actor: User | None,
    note: str,
) -> None:
    RentalEvent.objects.create(
        rental=rental,
        at=now,
        actor=actor,
        from_state=was,
        to_state=rental.state,
        cause=cause,
        note=note[:500],
    )
    transaction.on_commit(lambda: channels.publish(rental))
