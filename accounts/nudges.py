"""Celery messages that say "look now". The rows are the queue: a lost nudge costs seconds.

So sending one neither fails nor keeps anybody waiting when Redis is away.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from kombu import pools
from kombu.connection import Connection
from kombu.exceptions import KombuError
from redis import RedisError

from accounts.breaker import Breaker

QUEUES: Final[dict[str, str]] = {}  # each application registers its tasks' queues here
PATIENCE: Final = 0.3  # seconds, to connect and to be answered
AT_ONCE: Final = 0.1  # a failure within this many seconds was a stale connection: try again
BATCH: Final = 500
NO_CALLBACKS: Final = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}

type Arguments = tuple[Any, ...]

_breaker = Breaker("Redis (nudges)")


def register(queues: Mapping[str, str]) -> None:
    """Say in which queue each of an application's tasks belongs."""
    QUEUES.update(queues)


def nudge(task: str, *args: Any, queue: str | None = None) -> bool:
    """Have a worker run `task` soon. False where the broker did not take the message."""
    return nudge_each(task, [args], queue=queue)


def nudge_each(task: str, calls: Iterable[Arguments], *, queue: str | None = None) -> bool:
    """Have workers run `task` once for each tuple of arguments, sent in one round trip."""
    queue = queue or QUEUES[task]
    batch = list(calls)
    if _breaker.is_open:
        return False
    started = monotonic()
    try:
        try:
            _send(task, batch, queue)
        except (KombuError, RedisError, OSError):
            if monotonic() - started > AT_ONCE:
                raise
            _send(task, batch, queue)
    except (KombuError, RedisError, OSError) as problem:
        _breaker.failed(problem)
        return False
    _breaker.worked()
    return True


def _send(task: str, calls: list[Arguments], queue: str) -> None:
    # Messages of Celery's documented protocol 2. Celery's own sender takes ten times as long,
    # which a flood of webhooks would feel.
    with pools.producers[_broker()].acquire(block=True) as producer, producer.batch(BATCH):
        for args in calls:
            task_id = str(uuid4())
            producer.publish(
                (args, {}, NO_CALLBACKS),
                exchange="",
                routing_key=queue,
                serializer="json",
                correlation_id=task_id,
                headers=_headers(task, task_id),
            )


def _headers(task: str, task_id: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("parent_id", "group", "eta", "expires"))
    return {
        **nothing,
        "lang": "py",
        "task": task,
        "id": task_id,
        "root_id": task_id,
        "retries": 0,
        "timelimit": [None, None],
        "ignore_result": True,
    }


@cache
def _broker() -> Connection:
    """The workers' broker, with less patience than they have."""
    return Connection(  # type: ignore[no-untyped-call]
        settings.CELERY_BROKER_URL,
        transport_options={
            **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
            "socket_connect_timeout": PATIENCE,
            "socket_timeout": PATIENCE,
            "max_retries": 0,
        },
    )
