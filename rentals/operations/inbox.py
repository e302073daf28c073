"""Stored webhooks are applied: in any order, any number of times, with the same end."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, F, Q, Value
from django.db.models.functions import Greatest, Least

from providers.provider import Provider
from providers.registry import provider
from providers.values import Delivery
from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations.receiving import Sighting, receive
from rentals.states import OPEN, RentalState, Source

CONFIRM_PAUSE = timedelta(seconds=10)  # unsigned webhooks may not make us poll more often
CONFIRM_READS = 5  # nor more often than this for one rental


def apply_inbox_entry(entry_id: int, *, now: datetime) -> None:
    """Attach a stored webhook's message to its rental, if we know the activation by now.

    A webhook may be faster than the answer to our own rent, so an entry for an unknown activation
    stays unapplied, and is found again as soon as a rental has that activation.
    """
    entry = InboxEntry.objects.select_related("account").filter(pk=entry_id).first()
    if entry is None or entry.applied_at is not None:
        return
    rental = Rental.objects.filter(account=entry.account, activation_id=entry.activation_id).first()
    if rental is None:
        _set_aside(entry)
    else:
        _apply(entry, rental, now)


def apply_early_entries(rental: Rental, *, now: datetime) -> None:
    """Apply the webhooks that came before we knew the rental's activation."""
    entries = InboxEntry.objects.select_related("account").filter(
        account=rental.account_id, activation_id=rental.activation_id, applied_at__isnull=True
    )
    for entry in entries.order_by("received_at"):
        _apply(entry, rental, now)


def delivery_of(entry: InboxEntry) -> Delivery:
    """Read a stored body again, with the adapter that read it when it came."""
    return _provider(entry).delivery(bytes(entry.body))


def _provider(entry: InboxEntry) -> Provider:
    return provider(entry.account.provider, entry.account.server_prefix)


def _apply(entry: InboxEntry, rental: Rental, now: datetime) -> None:
    sighting = Sighting(
        message=delivery_of(entry).message,
        source=Source.WEBHOOK,
        seen_at=entry.received_at,
        confirmed=bool(entry.genuine),
        entry=entry,
    )
    with transaction.atomic():
        due = InboxEntry.objects.select_for_update().filter(pk=entry.pk, applied_at__isnull=True)
        if not due.exists():
            return
        (outcome,) = receive(rental.pk, [sighting], now=now)
        InboxEntry.objects.filter(pk=entry.pk).update(applied_at=now, outcome=outcome)
        if not sighting.confirmed and outcome != InboxOutcome.KNOWN_MESSAGE:
            ask_soon(rental.pk, now=now)


def _set_aside(entry: InboxEntry) -> None:
    InboxEntry.objects.filter(pk=entry.pk, applied_at__isnull=True, outcome="").update(
        outcome=InboxOutcome.UNKNOWN_ACTIVATION
    )


def hint_to_poll(account_id: int, activation_id: str, *, now: datetime) -> None:
    """Somebody who knows the webhook's address says that there is news: ask soon, within bounds."""
    rental = Rental.objects.filter(account_id=account_id, activation_id=activation_id).first()
    if rental is not None:
        ask_soon(rental.pk, now=now)


def ask_soon(rental_id: int, *, now: datetime) -> bool:
    """Let the next poll of an open rental come at once: coalesced, and a few times only.

    All that comes within the pause after a look is answered by one more look at its end.
    """
    earliest = F("last_confirm_at") + Value(CONFIRM_PAUSE)
    due = Greatest(Value(now), earliest, output_field=DateTimeField())
    return bool(
        Rental.objects.filter(
            Q(last_confirm_at__isnull=True) | Q(last_confirm_at__lte=now),
            pk=rental_id,
            state__in=OPEN | {RentalState.EXPIRED},
            confirm_reads__lt=CONFIRM_READS,
        ).update(
            next_poll_at=Least(F("next_poll_at"), due, output_field=DateTimeField()),
            last_confirm_at=due,
            confirm_reads=F("confirm_reads") + 1,
        )
    )
