"""Tell the processes that hold open streams what changed: Redis PUBLISH, without waiting for it.

An announcement may be lost. Whoever listens reads the rows again after a gap, so that nothing
hangs on one; in return nobody who announces waits for Redis or fails with it.
"""

import json
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

_breaker = Breaker("Redis (announcements)")


def announce(messages: Mapping[str, str]) -> bool:
    """Publish a message on each channel, in one round trip. False where Redis did not take them.

    Call it after the commit: a listener reads the rows at once.
    """
    if _breaker.is_open:
        return False
    try:
        with _client().pipeline(transaction=False) as pipeline:
            for channel, message in messages.items():
                pipeline.publish(address(channel), message)
            pipeline.execute()
    except (redis.RedisError, OSError) as problem:
        _breaker.failed(problem)
        return False
    _breaker.worked()
    return True


def revoke(*, team_id: int | None = None, user_id: int | None = None) -> bool:
    """Have every open stream of the user, of the team or of the one in the other checked again.

    For after a membership, a team's board sharing, a password or a session changed.
    """
    return announce({CONTROL: json.dumps({"team": team_id, "user": user_id})})


def address(channel: str) -> str:
    """The channel's name in Redis, where channels don't belong to a database number."""
    return f"smsportal:{_database()}:{channel}"


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
