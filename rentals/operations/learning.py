"""The rentals of the last weeks are counted anew, for the curves of when codes arrive."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from rentals.models import Arrivals, Message, Rental
from rentals.operations.records import keep_records
from rentals.operations.watching import forget_sights
from rentals.pacing.learning import Counts, Kind
from rentals.states import RentalState, Source

HISTORY = timedelta(days=30)
MOST = 200_000  # rentals, the newest
WATCHED = (
    RentalState.RECEIVED,
    RentalState.FINISHED,
    RentalState.CANCELLED,
    RentalState.EXPIRED,
)


def learn_arrivals(now: datetime) -> int:
    """Count when the codes of recent rentals came; returns how many rentals told something."""
    counts: defaultdict[Kind, Counts] = defaultdict(Counts)
    waits: defaultdict[tuple[int, str], list[float | None]] = defaultdict(list)
    seen = 0
    for account, kind, wait, told in _told(now):
        counts[kind].observe(**told)
        waits[account, kind[1]].append(wait)
        seen += 1
    with transaction.atomic():
        for kind, each in counts.items():
            provider, service, carrier, area = kind
            Arrivals.objects.update_or_create(
                provider=provider,
                service_code=service,
                carrier=carrier,
                area_code=area,
                defaults={"came": each.came, "waited": each.waited, "learned_at": now},
            )
        Arrivals.objects.filter(learned_at__lt=now).delete()
    keep_records(waits)
    forget_sights()
    return seen


def _told(now: datetime) -> Iterator[tuple[int, Kind, float | None, dict[str, Any]]]:
    """Of each rental its account and kind, the seconds until its code was here, and what it tells
    of the code's arrival."""
    first = Message.objects.filter(rental=OuterRef("pk"), confirmed_at__isnull=False).order_by(
        "seen_at"
    )
    rentals = Rental.objects.filter(
        state__in=WATCHED,
        started_at__gt=now - HISTORY,
        started_at__lte=now,
        expires_at__isnull=False,
    ).annotate(
        arrived_at=Subquery(first.values("received_at")[:1]),
        found_at=Subquery(first.values("seen_at")[:1]),
        source=Subquery(first.values("source")[:1]),
    )
    fields = ("account_id", "account__provider", "service_code", "carrier", "area_code")
    times = ("started_at", "expires_at", "ended_at", "blank_poll_at")
    found = ("arrived_at", "found_at", "source")
    newest = rentals.order_by("-started_at").values_list(*fields, *times, *found)[:MOST]
    for row in newest.iterator(chunk_size=2000):
        started_at, found_at = row[5], row[10]
        wait = None if found_at is None else max(0.0, (found_at - started_at).total_seconds())
        yield row[0], row[1:5], wait, _told_by(*row[5:])


def _told_by(
    started_at: datetime,
    expires_at: datetime,
    ended_at: datetime | None,
    blank_at: datetime | None,
    arrived_at: datetime | None,
    found_at: datetime | None,
    source: str | None,
) -> dict[str, float]:
    """What one rental tells, as `Counts.observe` takes it: ages in seconds.

    A webhook comes at once. The provider's own time of arrival is believed where it lies between
    the rental's start and our seeing it; else a code that a poll found came after the last look
    that found none.
    """

    def age(at: datetime) -> float:
        return max(0.0, (at - started_at).total_seconds())

    if found_at is None:
        ends = [expires_at] if ended_at is None else [expires_at, ended_at]
        return {"until": age(min(ends))}
    if arrived_at is not None and started_at <= arrived_at <= found_at:
        return {"until": age(arrived_at), "came_after": age(arrived_at)}
    if source == Source.WEBHOOK:
        return {"until": age(found_at), "came_after": age(found_at)}
    blank = blank_at if blank_at is not None and blank_at <= found_at else started_at
    return {"until": age(found_at), "came_after": age(blank)}
