"""Stored webhooks are applied: in any order, any number of times, with the same end."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import DateTimeField, F, Q, Value
from django.db.models.functions import Greatest, Least

from accounts.models import ProviderAccount
from rentals.inbox import delivery_of
from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations.receiving import Sighting, attach
from rentals.operations.rows import read
from rentals.operations.transition import locked_activations
from rentals.states import OPEN, RentalState, Source

log = structlog.get_logger(__name__)

CONFIRM_PAUSE = timedelta(seconds=10)  # unsigned webhooks may not make us poll more often
CONFIRM_READS = 5  # nor more often than this for one rental


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
    return sum(_apply_guarded(ids, now) for ids in _by_account(set(entry_ids)))


def apply_early_entries(rental: Rental, *, now: datetime) -> None:
    """Apply the webhooks that came before we knew the rental's activation.

    Whoever is trying to apply one right now may not know it yet, and is waited for.
    """
    early = InboxEntry.objects.filter(
        account=rental.account_id,
        activation_id=rental.activation_id,
        applied_at=None,
        purged_at=None,
    )
    _apply_guarded(list(early.values_list("pk", flat=True)), now, waits=True)


def _by_account(entry_ids: Collection[int]) -> list[Collection[int]]:
    """The entries' ids, apart by provider account."""
    if len(entry_ids) < 2:
        return [entry_ids]
    accounts: dict[int, list[int]] = {}
    found = InboxEntry.objects.filter(pk__in=entry_ids)
    for account, pk in found.order_by("pk").values_list("account_id", "pk"):
        accounts.setdefault(account, []).append(pk)
    return list(accounts.values())


def _apply_guarded(entry_ids: Collection[int], now: datetime, *, waits: bool = False) -> int:
    """Apply them together; where that fails, each by itself."""
    try:
        return _apply(entry_ids, now, waits=waits)
    except (OperationalError, InterfaceError):
        raise  # whoever called comes again, once the database is back
    except Exception:
        if len(entry_ids) > 1:
            return sum(_apply_guarded([one], now, waits=waits) for one in entry_ids)
        log.exception("inbox_failed", entries=list(entry_ids))
        return 0


def _apply(entry_ids: Collection[int], now: datetime, *, waits: bool) -> int:
    """Apply those of one account, all or none: without what somebody else is applying right now,
    or when they are done with it."""
    with transaction.atomic():
        entries = _locked(entry_ids, waits=waits)
        rentals = _rentals_of(entries)
        due = [entry for entry in entries if entry.activation_id in rentals]
        sightings = [_sighting(entry, rentals[entry.activation_id].pk) for entry in due]
        outcomes = attach(rentals.values(), sightings, now=now)
        _set_aside([entry.pk for entry in entries if entry.activation_id not in rentals])
        ask_soon(
            {
                sighting.rental_id
                for sighting, outcome in zip(sightings, outcomes, strict=True)
                if not sighting.confirmed and outcome != InboxOutcome.KNOWN_MESSAGE
            },
            now=now,
        )
    return len(due)


def _locked(entry_ids: Collection[int], *, waits: bool) -> list[InboxEntry]:
    """Those that wait to be applied, in the order in which they came."""
    where = "WHERE id = ANY(%s) AND applied_at IS NULL AND purged_at IS NULL"
    locking = "FOR UPDATE" if waits else "FOR UPDATE SKIP LOCKED"
    return read(InboxEntry, f"{where} ORDER BY received_at, id {locking}", [list(entry_ids)])


def _rentals_of(entries: Sequence[InboxEntry]) -> dict[str, Rental]:
    """The rentals of one account's entries by activation id, locked."""
    if not entries:
        return {}
    (account,) = read(ProviderAccount, "WHERE id = %s", [entries[0].account_id])
    for entry in entries:
        entry.account = account
    rentals = locked_activations(account, {entry.activation_id for entry in entries})
    return {rental.activation_id: rental for rental in rentals}


def _sighting(entry: InboxEntry, rental_id: int) -> Sighting:
    return Sighting(
        rental_id=rental_id,
        message=delivery_of(entry).message,
        source=Source.WEBHOOK,
        seen_at=entry.received_at,
        confirmed=bool(entry.genuine),
        entry=entry,
    )


def _set_aside(unknown: Sequence[int]) -> None:
    """Say of entries why they wait, once."""
    if unknown:
        InboxEntry.objects.filter(pk__in=unknown, outcome="").update(
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
    if not rental_ids:
        return
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
