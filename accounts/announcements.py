"""Tell the processes that hold open streams what changed: Redis PUBLISH, without waiting for it.

Nobody who announces waits for Redis or fails with it. What was lost is made good as soon as Redis
takes messages again, by one that has everybody read everything: nothing hangs on a single one.
"""

import json
import threading
from collections.abc import Mapping
from functools import cache
from typing import Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.breaker import Breaker

PATIENCE: Final = 0.2  # seconds, to connect and to be answered
CONTROL: Final = "control"
MISSED: Final = {CONTROL: json.dumps({"missed": True})}


def announce(*messages: Mapping[str, str]) -> bool:
    """Publish messages by their channels, in one round trip. False where Redis did not take them.

    Call it after the commit: a listener reads the rows at once.
    """
    taken = not _breaker.is_open and _publish(*messages)
    if not taken:
        _debt.owe()
    return taken


def revoke(*, team_id: int | None = None, user_id: int | None = None) -> bool:
    """Have every open stream of the user, of the team or of the one in the other checked again.

    For after a membership, a team's board sharing, a password or a session changed.
    """
    return announce({CONTROL: json.dumps({"team": team_id, "user": user_id})})


def wallets_read(team_id: int) -> bool:
    """Have the team's pages read their balances again: one of them was read at its provider."""
    return announce({CONTROL: json.dumps({"wallets": team_id})})


def alerts_changed(team_id: int) -> bool:
    """Have the team's pages read their bells again. It says nothing of what has changed."""
    return announce({CONTROL: json.dumps({"alerts": team_id})})


def address(channel: str) -> str:
    """The channel's name in Redis, where channels don't belong to a database number."""
    return f"smsportal:{_database()}:{channel}"


class _Debt:
    """That announcements were lost. A thread lives for as long as there is such a debt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owed = False
        self._payer: threading.Thread | None = None

    def owe(self) -> None:
        with self._lock:
            self._owed = True
            if self._payer is None:
                self._payer = threading.Thread(target=self._pay, name="announcements", daemon=True)
                self._payer.start()

    def _pay(self) -> None:
        pause = threading.Event()
        while self._is_owed():
            pause.wait(_breaker.rest)
            if not _publish(MISSED):
                self.owe()

    def _is_owed(self) -> bool:
        with self._lock:
            owed, self._owed = self._owed, False
            if not owed:
                self._payer = None
            return owed


_breaker = Breaker("Redis (announcements)")
_debt = _Debt()


def _publish(*messages: Mapping[str, str]) -> bool:
    try:
        with _client().pipeline(transaction=False) as pipeline:
            for some in messages:
                for channel, message in some.items():
                    pipeline.publish(address(channel), message)
            pipeline.execute()
    except (redis.RedisError, OSError) as problem:
        _breaker.failed(problem)
        return False
    _breaker.worked()
    return True


@cache
def _database() -> int:
    return int(_client().get_connection_kwargs().get("db") or 0)


@cache
def _client() -> redis.Redis:
    # One more try at once, because a pooled connection may be of a Redis that has restarted.
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=PATIENCE,
        socket_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
