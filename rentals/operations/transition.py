"""The one place where a rental changes its state."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import User
from rentals import channels, polling
from rentals.causes import Cause
from rentals.models import Rental, RentalEvent
from rentals.states import GIVEN_UP, LIVE, MOVES, OPEN, RentalState


def locked(rental_ids: Collection[int]) -> QuerySet[Rental]:
    """Rentals whose rows are locked as they are read.

    Whoever locks several does it by this or the next, in the order of their ids: so nobody waits
    in a circle.
    """
    return _locked(pk__in=rental_ids)


def locked_activations(account_id: int, activation_ids: Collection[str]) -> QuerySet[Rental]:
    """The same for the rentals of an account that have these activations."""
    return _locked(account=account_id, activation_id__in=activation_ids)


def _locked(**wanted: Any) -> QuerySet[Rental]:
    rentals = Rental.objects.select_for_update(of=("self",)).filter(**wanted)
    return rentals.select_related("account__team").order_by("pk")


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

    def write(self) -> None:
        """Save all of it, and tell the pages of each rental once it is committed."""
        alike: defaultdict[frozenset[str], list[Rental]] = defaultdict(list)
        for rental, names in self._changed.items():
            alike[frozenset(names)].append(rental)
        for fields, rentals in alike.items():
            _save(rentals, sorted(fields))
        RentalEvent.objects.bulk_create(self._events)
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


def _save(rentals: Sequence[Rental], names: Sequence[str]) -> None:
    """Save these fields of many rentals in one statement, which costs little more than one row."""
    known = {field.name: field for field in Rental._meta.concrete_fields}
    fields = [known[name] for name in ("id", *names)]
    columns = [str(field.column) for field in fields]
    # Without their lengths, by which a cast would cut what is too long, and say nothing.
    arrays = [f"%s::{(field.db_type(connection) or '').partition('(')[0]}[]" for field in fields]
    values = [
        [field.get_db_prep_save(getattr(rental, field.attname), connection) for rental in rentals]
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE rentals_rental SET {', '.join(f'{c} = given.{c}' for c in columns[1:])}"  # noqa: S608 - our own names
            f" FROM unnest({', '.join(arrays)}) given ({', '.join(columns)})"
            " WHERE rentals_rental.id = given.id",
            values,
        )


def _tidied(rental: Rental, to: RentalState, now: datetime) -> dict[str, Any]:
    """What every move to `to` means for the row: nothing is due where nothing can come."""
    changes: dict[str, Any] = {"ended_at": None if to in LIVE else now}
    if to not in OPEN:
        changes |= {"next_poll_at": None, "control_at": None}
    if to in GIVEN_UP:
        changes["next_poll_at"] = polling.after_giving_up(now=now, expires_at=rental.expires_at)
    return changes
