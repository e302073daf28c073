"""Stored webhooks are applied: in any order, any number of times, with the same end."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Greatest, Least

from providers.registry import provider
from providers.values import Delivery
from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations.receiving import Sighting, receive
from rentals.states import OPEN, RentalState, Source

log = structlog.get_logger(__name__)

CONFIRM_PAUSE = timedelta(seconds=10)  # unsigned webhooks may not make us poll more often
CONFIRM_READS = 5  # nor more often than this for one rental

type Addressed = tuple[InboxEntry, int]  # with the id of the rental that it is for


def apply_inbox_entry(entry_id: int, *, now: datetime) -> None:
    """Attach one stored webhook's message: see apply_inbox_entries."""
    apply_inbox_entries([entry_id], now=now)


def apply_inbox_entries(entry_ids: Iterable[int], *, now: datetime) -> int:
    """Attach stored webhooks' messages to their rentals, where we know the activation by now.

    Those of one provider account go together. A webhook may be faster than the answer to our own
    rent, so an entry for an unknown activation stays unapplied, and is found again as soon as a
    rental has that activation. An entry that can't be applied is logged and keeps no other
    waiting. Returns how many were applied.
    """
    entries = list(_unapplied(pk__in=set(entry_ids)))
    rentals = _rentals_of(entries)
    accounts: dict[int, list[Addressed]] = {}
    unknown: list[int] = []
    for entry in entries:
        rental_id = rentals.get((entry.account_id, entry.activation_id))
        if rental_id is None:
            unknown.append(entry.pk)
        else:
            accounts.setdefault(entry.account_id, []).append((entry, rental_id))
    if unknown:
        _set_aside(unknown)
    return sum(_apply_guarded(addressed, now) for addressed in accounts.values())


def apply_early_entries(rental: Rental, *, now: datetime) -> None:
    """Apply the webhooks that came before we knew the rental's activation."""
    early = _unapplied(account=rental.account_id, activation_id=rental.activation_id)
    _apply_guarded([(entry, rental.pk) for entry in early], now)


def delivery_of(entry: InboxEntry) -> Delivery:
    """Read a stored body again, with the adapter that read it when it came."""
    adapter = provider(entry.account.provider, entry.account.server_prefix)
    return adapter.delivery(bytes(entry.body))


def _unapplied(**wanted: Any) -> QuerySet[InboxEntry]:
    """Entries that wait, in the order in which they came."""
    entries = InboxEntry.objects.select_related("account").filter(
        applied_at=None, purged_at=None, **wanted
    )
    return entries.order_by("received_at", "pk")


def _rentals_of(entries: Sequence[InboxEntry]) -> dict[tuple[int, str], int]:
    """The ids of the entries' rentals, by account and activation id."""
    found = Rental.objects.filter(
        account__in={entry.account_id for entry in entries},
        activation_id__in={entry.activation_id for entry in entries},
    )
    rows = found.values_list("account_id", "activation_id", "pk")
    return {(account, activation): pk for account, activation, pk in rows}


def _apply_guarded(addressed: Sequence[Addressed], now: datetime) -> int:
    """Apply them together; where that fails, each by itself."""
    try:
        return _apply(addressed, now)
    except (OperationalError, InterfaceError):
        raise  # whoever called comes again, once the database is back
    except Exception:
        if len(addressed) > 1:
            return sum(_apply_guarded([one], now) for one in addressed)
        log.exception("inbox_failed", rental=addressed[0][1], entry=addressed[0][0].pk)
        return 0


def _apply(addressed: Sequence[Addressed], now: datetime) -> int:
    """Apply those that nobody else is applying right now, all or none."""
    sightings = {entry.pk: _sighting(entry, rental_id) for entry, rental_id in addressed}
    with transaction.atomic():
        due = list(
            InboxEntry.objects.select_for_update(skip_locked=True)
            .filter(pk__in=sightings, applied_at=None, purged_at=None)
            .order_by("received_at", "pk")
            .values_list("pk", flat=True)
        )
        outcomes = dict(zip(due, receive([sightings[pk] for pk in due], now=now), strict=True))
        _note_applied(outcomes, now)
        ask_soon(
            {
                sightings[pk].rental_id
                for pk, outcome in outcomes.items()
                if not sightings[pk].confirmed and outcome != InboxOutcome.KNOWN_MESSAGE
            },
            now=now,
        )
    return len(due)


def _sighting(entry: InboxEntry, rental_id: int) -> Sighting:
    return Sighting(
        rental_id=rental_id,
        message=delivery_of(entry).message,
        source=Source.WEBHOOK,
        seen_at=entry.received_at,
        confirmed=bool(entry.genuine),
        entry=entry,
    )


def _note_applied(outcomes: Mapping[int, InboxOutcome], now: datetime) -> None:
    for outcome in set(outcomes.values()):
        same = [pk for pk, its in outcomes.items() if its == outcome]
        InboxEntry.objects.filter(pk__in=same).update(applied_at=now, outcome=outcome)


def _set_aside(entries: Sequence[int]) -> None:
    InboxEntry.objects.filter(pk__in=entries, applied_at__isnull=True, outcome="").update(
        outcome=InboxOutcome.UNKNOWN_ACTIVATION
    )


def hint_to_poll(account_id: int, activation_id: str, *, now: datetime) -> None:
    """Somebody who knows the webhook's address says that there is news: ask soon, within bounds."""
    rental = Rental.objects.filter(account_id=account_id, activation_id=activation_id).first()
    if rental is not None:
        ask_soon([rental.pk], now=now)


def ask_soon(rental_ids: Collection[int], *, now: datetime) -> None:
    """Let the next poll of open rentals come at once: coalesced, and a few times each only.

    All that comes within the pause after a look is answered by one more look at its end.
    """
    earliest = F("last_confirm_at") + Value(CONFIRM_PAUSE)
    due = Greatest(Value(now), earliest, output_field=DateTimeField())
    Rental.objects.filter(
        Q(last_confirm_at__isnull=True) | Q(last_confirm_at__lte=now),
        pk__in=rental_ids,
        state__in=OPEN | {RentalState.EXPIRED},
        confirm_reads__lt=CONFIRM_READS,
    ).update(
        next_poll_at=Least(F("next_poll_at"), due, output_field=DateTimeField()),
        planned_poll_at=None,  # asked for, whatever it is worth
        last_confirm_at=due,
        confirm_reads=F("confirm_reads") + 1,
    )
