"""Stored webhooks: what one says, and which ones no rental has claimed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from providers.registry import provider
from providers.values import Delivery
from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome

CLOCKS_APART: Final = timedelta(minutes=10)  # how far the provider's clock may be from ours
MOST_READ: Final = 200  # webhooks
MOST_SHOWN: Final = 20  # activations


def delivery_of(entry: InboxEntry) -> Delivery:
    """Read a stored body again, with the adapter that read it when it came."""
    adapter = provider(entry.account.provider, entry.account.server_prefix)
    return adapter.delivery(bytes(entry.body))


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """An activation, and when the first webhook for it came."""

    activation_id: str
    came_at: datetime


def unclaimed(rental: Rental) -> list[Unclaimed]:
    """Activations that may be this rental's, by service and time, the first to be told of first.

    Where several doubts are alike, only a person can tell which is whose.
    """
    entries = InboxEntry.objects.filter(
        account=rental.account_id,
        applied_at=None,
        purged_at=None,
        outcome__in=(InboxOutcome.UNKNOWN_ACTIVATION, InboxOutcome.NOT_OURS),
        received_at__gte=rental.sent_at or rental.requested_at,
        received_at__lte=latest(rental),
    )
    found: dict[str, datetime] = {}
    for entry in entries.select_related("account").order_by("received_at", "pk")[:MOST_READ]:
        if delivery_of(entry).service in ("", rental.service_code):
            found.setdefault(entry.activation_id, entry.received_at)
    return [Unclaimed(*each) for each in found.items()][:MOST_SHOWN]


def latest(rental: Rental) -> datetime:
    """Until when a webhook for it may come."""
    sent = rental.sent_at or rental.requested_at
    return sent + timedelta(seconds=rental.ttl) + CLOCKS_APART
