"""Requests counted in Redis: one script decides and counts, so that no two callers overspend.

The minute is kept in buckets of a second, the day in buckets of ten minutes; a bucket counts
until all of it is out of the window. In the minute it counts some seconds longer, because of the
requests that take unequal times to reach the provider (`windows.UNDER_WAY`).
"""

import math
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.breaker import Breaker
from accounts.budget.shares import Share
from accounts.budget.windows import COUNTS_FOR, DAY, Spent, Windows
from accounts.states import Lane

PATIENCE: Final = 0.5  # seconds, to connect and to be answered
SECOND: Final = 1
TEN_MINUTES: Final = 600
LASTS: Final = {"m": COUNTS_FOR + SECOND, "d": DAY + TEN_MINUTES}
KEEP: Final = DAY + 3600  # an account at rest starts again from the rows
HERE: Final = Path(__file__).parent


class Away(Exception):
    """Redis did not answer: the rows decide."""


class Lost(Exception):
    """Redis does not have the counts, or has those of another epoch."""


class Counter:
    """The counts in one Redis. Raises Away, and `take` and `look` also Lost."""

    def __init__(self, url: str) -> None:
        # One more try at once, because a pooled connection may be of a Redis that has restarted;
        # a request counted twice is safe.
        self._client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        self._spend = self._client.register_script((HERE / "counter.lua").read_text())
        self._load = self._client.register_script((HERE / "load.lua").read_text())
        self._breaker = Breaker("Redis (request budget)")

    def take(
        self, account_id: int, lane: Lane, wanted: int, share: Share, now: datetime, *, epoch: int
    ) -> int:
        """Count up to `wanted` requests that the share allows, and return how many."""
        return self._run(account_id, lane, wanted, share, now, str(epoch))

    def look(self, account_id: int, lane: Lane, wanted: int, share: Share, now: datetime) -> int:
        """How many of `wanted` requests the share would allow; counts nothing."""
        return self._run(account_id, lane, wanted, share, now, "")

    def load(self, account_id: int, epoch: int, windows: Windows) -> None:
        """Start again from what the rows say, unless another caller just has."""
        fields = [*_fields("m", windows.minute), *_fields("d", windows.day)]
        self._ask(lambda: self._load(keys=[_key(account_id)], args=[epoch, KEEP, *fields]))

    def windows(self, account_id: int, now: datetime) -> Windows:
        """What counts now."""
        stored: dict[str, str] = self._ask(lambda: self._client.hgetall(_key(account_id)))
        if "epoch" not in stored:
            raise Lost
        found: dict[str, list[Spent]] = {"m": [], "d": []}
        for field, count in stored.items():
            window, _, bucket = field.partition(":")
            start, _, lane = bucket.partition(":")
            if window in LASTS and int(start) + LASTS[window] > now.timestamp():
                found[window].append(Spent(int(start) + LASTS[window], lane, int(count)))
        return Windows(minute=tuple(found["m"]), day=tuple(found["d"]))

    def _run(
        self, account_id: int, lane: Lane, wanted: int, share: Share, now: datetime, epoch: str
    ) -> int:
        bounds = [-1 if b is None else b for b in (share.minute, share.day, share.own_day)]
        fixed: list[int] = [LASTS["m"], LASTS["d"], TEN_MINUTES, KEEP]
        arguments = [epoch, str(now.timestamp()), lane.value, *map(str, [wanted, *bounds, *fixed])]
        known, granted = self._ask(lambda: self._spend(keys=[_key(account_id)], args=arguments))
        if not known:
            raise Lost
        return int(granted)

    def _ask(self, command: Any) -> Any:
        if self._breaker.is_open:
            raise Away
        try:
            answer = command()
        except (redis.RedisError, OSError) as problem:
            self._breaker.failed(problem)
            raise Away from problem
        self._breaker.worked()
        return answer


def counter() -> Counter:
    """This process's counter at settings.REDIS_URL."""
    return _counter(settings.REDIS_URL)


@cache
def _counter(url: str) -> Counter:
    return Counter(url)


def _key(account_id: int) -> str:
    return f"smsportal:budget:{account_id}"


def _fields(window: str, spent: tuple[Spent, ...]) -> list[str | int]:
    """Buckets that count for no shorter than what was spent."""
    width = SECOND if window == "m" else TEN_MINUTES
    fields: list[str | int] = []
    for each in spent:
        start = math.ceil((each.until - LASTS[window]) / width) * width
        fields += [f"{window}:{start}:{each.lane}", each.count]
    return fields
