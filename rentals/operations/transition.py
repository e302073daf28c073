"""The one place where a rental changes its state."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import ProviderAccount, User
from rentals import channels, polling
from rentals.causes import Cause
from rentals.models import Rental, RentalEvent
from rentals.operations.rows import Writes, read
from rentals.states import GIVEN_UP, LIVE, MOVES, OPEN, RentalState


def locked(rental_ids: Collection[int]) -> QuerySet[Rental]:
    """Rentals whose rows are locked as they are read.

    Whoever locks several does it by this or the next, in the order of their ids: so nobody waits
    in a circle.
    """
    rentals = Rental.objects.select_for_update(of=("self",)).filter(pk__in=rental_ids)
    return rentals.select_related("account__team").order_by("pk")


def locked_activations(account: ProviderAccount, activation_ids: Collection[str]) -> list[Rental]:
    """The same for the rentals of an account that have these activations."""
    where = "WHERE account_id = %s AND activation_id = ANY(%s) ORDER BY id FOR UPDATE"
    rentals = read(Rental, where, [account.pk, list(activation_ids)])
    for rental in rentals:
        rental.account = account
    return rentals


class Moves:
    """Moves of rentals whose rows the transaction has locked: made in memory, written at once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._changed: dict[Rental, set[str]] = {}
        self._events: list[RentalEvent] = []
        self._news: dict[Rental, None] = {}

    def make(
        self,
        rental: Rental,
        *,
        frm: Collection[RentalState],
        to: RentalState,
        cause: Cause,
        actor: User | None = None,
        note: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> bool:
        """Compare and set: see `move`. False where the rental is in another state."""
        was = RentalState(rental.state)
        if was not in frm:
            return False
        if to not in MOVES[was]:
            raise ValueError(f"a rental can't go from {was} to {to}")
        changes = {**_tidied(rental, to, self._now), **(fields or {}), "state": to}
        for name, value in changes.items():
            setattr(rental, name, value)
        self._changed.setdefault(rental, set()).update(changes)
        self._write_down(rental, was=was, cause=cause, actor=actor, note=note)
        return True

    def note(
        self, rental: Rental, *, cause: Cause, actor: User | None = None, note: str = ""
    ) -> None:
        """Write down something that moved nothing."""
        was = RentalState(rental.state)
        self._write_down(rental, was=was, cause=cause, actor=actor, note=note)

    def tell(self, rental: Rental) -> None:
        """Have the pages told of a rental of which something else has changed."""
        self._news[rental] = None

    def write(self, writes: Writes | None = None) -> None:
        """Save all of it, and tell the pages of each rental once it is committed.

        `writes`: what else is to be sent with it, before it.
        """
        writes = writes or Writes()
        alike: defaultdict[frozenset[str], list[Rental]] = defaultdict(list)
        for rental, names in self._changed.items():
            alike[frozenset(names)].append(rental)
        for fields, rentals in alike.items():
            writes.update(rentals, fields)
        writes.insert(self._events)
        writes.send()
        if self._news:
            transaction.on_commit(lambda: channels.publish(*self._news))

    def _write_down(
        self, rental: Rental, *, was: RentalState, cause: Cause, actor: User | None, note: str
    ) -> None:
        self._events.append(
            RentalEvent(
                rental=rental,
                at=self._now,
                actor=actor,
                from_state=was,
                to_state=rental.state,
                cause=cause,
                note=note[:500],
            )
        )
        self.tell(rental)


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
        rental = locked([rental_id]).filter(state__in=frm).first()
        if rental is not None:
            moves = Moves(now)
            moves.make(rental, frm=frm, to=to, cause=cause, actor=actor, note=note, fields=fields)
            moves.write()
    return rental


def note_event(
    rental: Rental, *, cause: Cause, now: datetime, actor: User | None = None, note: str = ""
) -> None:
    """Write down something that moved nothing."""
    with transaction.atomic():
        moves = Moves(now)
        moves.note(rental, cause=cause, actor=actor, note=note)
        moves.write()


def _tidied(rental: Rental, to: RentalState, now: datetime) -> dict[str, Any]:
    """What every move to `to` means for the row: nothing is due where nothing can come."""
    changes: dict[str, Any] = {"ended_at": None if to in LIVE else now}
    if to not in OPEN:
        changes |= {"next_poll_at": None, "control_at": None}
    if to in GIVEN_UP:
        changes["next_poll_at"] = polling.after_giving_up(now=now, expires_at=rental.expires_at)
    return changes
