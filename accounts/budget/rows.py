"""Requests counted in PostgreSQL, by the minute: the truth, and all there is while Redis is away.

`budget_epoch` of the provider account numbers the times when the rows alone decided. It is read
under a row lock, so that a count made for Redis and a decision made without it never miss each
other; the account's row is locked before its counts, everywhere.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from accounts.budget.windows import COUNTS_FOR, DAY, MINUTE, Spent, Windows
from accounts.models import ProviderAccount, RequestCount
from accounts.states import Lane

COUNT = """
WITH account AS MATERIALIZED (
    SELECT id, budget_epoch FROM accounts_provideraccount WHERE id = %s FOR SHARE
)
INSERT INTO accounts_requestcount AS counted (account_id, minute, lane, count)
SELECT id, %s, %s, %s FROM account
ON CONFLICT (account_id, minute, lane) DO UPDATE SET count = counted.count + EXCLUDED.count
RETURNING (SELECT budget_epoch FROM account)
"""


def count(account_id: int, lane: Lane, wanted: int, now: datetime) -> int:
    """Add requests to the current minute, before they are sent; return the account's epoch."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [account_id, _minute(now), lane, wanted])
        found: tuple[Any, ...] | None = cursor.fetchone()
    if found is None:
        raise ProviderAccount.DoesNotExist(f"There is no provider account {account_id}.")
    return int(found[0])


def give_back(account_id: int, lane: Lane, unused: int, now: datetime) -> None:
    """Take back requests of `count` that were not granted."""
    row = RequestCount.objects.filter(account_id=account_id, minute=_minute(now), lane=lane)
    row.update(count=F("count") - unused)


def windows(account_id: int, now: datetime) -> Windows:
    """What the rows say. A minute counts as a whole, as if all of it had come at its end."""
    since = now - timedelta(seconds=DAY + MINUTE)
    rows = RequestCount.objects.filter(account_id=account_id, minute__gt=since, count__gt=0)
    counted = [
        (minute.timestamp() + MINUTE, lane, count)
        for minute, lane, count in rows.values_list("minute", "lane", "count")
    ]
    return Windows(
        minute=_still(counted, COUNTS_FOR, now.timestamp()),
        day=_still(counted, DAY, now.timestamp()),
    )


def snapshot(account_id: int, now: datetime) -> tuple[int, Windows]:
    """The epoch, and what the rows say no earlier than it was read."""
    epoch = ProviderAccount.objects.values_list("budget_epoch", flat=True).get(pk=account_id)
    return epoch, windows(account_id, now)


def decide(
    account_id: int,
    lane: Lane,
    wanted: int,
    now: datetime,
    *,
    room_in: Callable[[Windows], int | None],
) -> int:
    """Grant and count by the rows alone, one caller at a time; return how many were granted.

    `room_in(windows)` says how many there is room for, None for no bound.
    """
    with transaction.atomic():
        # The lock that makes callers wait for each other, and a returning Redis start again.
        ProviderAccount.objects.filter(pk=account_id).update(budget_epoch=F("budget_epoch") + 1)
        room = room_in(windows(account_id, now))
        granted = wanted if room is None else min(wanted, room)
        if granted:
            count(account_id, lane, granted, now)
    return granted


def forget(before: datetime) -> int:
    """Delete the counts of older minutes; return how many rows."""
    return RequestCount.objects.filter(minute__lt=before).delete()[0]


def _still(counted: list[tuple[float, str, int]], window: int, now: float) -> tuple[Spent, ...]:
    return tuple(
        Spent(end + window, lane, count) for end, lane, count in counted if end + window > now
    )


def _minute(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(second=0, microsecond=0)
