"""A provider account's request budget: rolling windows of a minute and a day, shared by lanes.

Every request is first counted in PostgreSQL, by the minute, and then granted by one script in
Redis; what was not granted is taken off again. So whatever Redis forgets is in the rows, and a
Redis that lost its memory, or was away while the rows alone decided (`budget_epoch`), starts
again from them before it grants anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.budget import rows
from accounts.budget.counter import Away, Counter, Lost, counter
from accounts.budget.shares import MINUTE_RESERVE, Share, share
from accounts.budget.windows import Windows
from accounts.states import Lane
from providers.values import Limits

__all__ = ["Grant", "Usage", "counting", "forget_counts", "reserve", "spent"]

FORGET_AFTER = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests may be sent now. `retry_after`: seconds to wait where it is none."""

    granted: int
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Meter:
    """What is used of one window: "minute" or "day"."""

    window: str
    used: int
    limit: int

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.used / self.limit))

    @property
    def is_nearly_full(self) -> bool:
        return self.used >= self.limit * (1 - MINUTE_RESERVE)


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests that count against the windows now; `limits` is None where none are named."""

    minute: int
    day: int
    limits: Limits | None

    @property
    def meters(self) -> list[Meter]:
        """One for each window that has a limit."""
        if self.limits is None:
            return []
        return [
            Meter("minute", self.minute, self.limits.per_minute),
            Meter("day", self.day, self.limits.per_day),
        ]


def reserve(
    account_id: int, limits: Limits | None, lane: Lane, *, wanted: int, now: datetime
) -> Grant:
    """Count up to `wanted` requests, to be sent at once, and say how many may be.

    Must not be called inside a transaction: a count that others can't see grants too much.
    """
    if wanted < 1:
        raise ValueError("A reservation is for at least one request.")
    with transaction.atomic(durable=True):
        pass  # raises where a transaction is open
    allowed = share(lane, limits)
    try:
        granted = _by_redis(counter(), account_id, lane, wanted, allowed, now)
    except (Away, Lost):
        granted = rows.decide(
            account_id, lane, wanted, now, room_in=lambda windows: windows.room(allowed, lane)
        )
    if granted:
        return Grant(granted)
    wait = counting(account_id, now).wait(allowed, lane, now.timestamp())
    return Grant(0, retry_after=max(wait, 0.05))  # room that came meanwhile: ask again at once


def spent(account_id: int, limits: Limits | None, *, now: datetime) -> Usage:
    """What counts now, for pages and schedulers."""
    now_counting = counting(account_id, now)
    return Usage(
        minute=sum(each.count for each in now_counting.minute),
        day=sum(each.count for each in now_counting.day),
        limits=limits,
    )


def forget_counts(*, now: datetime) -> int:
    """Delete the counts that no window reaches any more; return how many rows."""
    return rows.forget(now - FORGET_AFTER)


def _by_redis(
    redis: Counter, account_id: int, lane: Lane, wanted: int, allowed: Share, now: datetime
) -> int:
    """Grant by Redis, which is given the counts of the rows where it lacks them."""

    def attempt() -> int:
        room = redis.look(account_id, lane, wanted, allowed, now)
        return room and _take(redis, account_id, lane, room, allowed, now)

    return _with_counts(redis, account_id, now, attempt)


def _take(
    redis: Counter, account_id: int, lane: Lane, wanted: int, allowed: Share, now: datetime
) -> int:
    epoch = rows.count(account_id, lane, wanted, now)
    granted = 0
    try:
        granted = redis.take(account_id, lane, wanted, allowed, now, epoch=epoch)
    finally:
        if granted < wanted:
            rows.give_back(account_id, lane, wanted - granted, now)
    return granted


def _with_counts[T](redis: Counter, account_id: int, now: datetime, ask: Callable[[], T]) -> T:
    """Ask Redis; where it has lost the counts, load them and ask once more."""
    try:
        return ask()
    except Lost:
        epoch, counted = rows.snapshot(account_id, now)
        redis.load(account_id, epoch, counted)
        return ask()


def counting(account_id: int, now: datetime) -> Windows:
    """What counts now, by Redis or else by the rows."""
    redis = counter()
    try:
        return _with_counts(redis, account_id, now, lambda: redis.windows(account_id, now))
    except (Away, Lost):
        return rows.windows(account_id, now)
