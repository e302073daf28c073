"""Celery messages that say "look now". The rows are the queue: a lost nudge costs seconds.

So sending one neither fails nor keeps anybody waiting when Redis is away.
"""

from collections.abc import Iterable
from functools import cache
from time import monotonic
from typing import Any, Final

from celery import Celery
from django.conf import settings
from kombu.exceptions import KombuError
from redis import RedisError

from accounts.breaker import Breaker

QUEUES: Final = {
    "rentals.send_rent": "now",
    "rentals.send_control": "now",
    "rentals.apply_inbox": "now",
    "rentals.poll_account": "poll",
    "rentals.refresh_catalogue": "bulk",
    "rentals.adopt": "now",
    "rentals.read_balance": "bulk",
}
PATIENCE: Final = 0.3  # seconds, to connect and to be answered
AT_ONCE: Final = 0.1  # a failure within this many seconds was a stale connection: try again
BATCH: Final = 500

_breaker = Breaker("Redis (nudges)")


def nudge(task: str, *args: Any, queue: str | None = None) -> bool:
    """Have a worker run `task` soon. False where the broker did not take the message."""
    return nudge_each(task, [args], queue=queue)


def nudge_each(task: str, calls: Iterable[tuple[Any, ...]], *, queue: str | None = None) -> bool:
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


def _send(task: str, calls: list[tuple[Any, ...]], queue: str) -> None:
    sender = _sender()
    with sender.producer_or_acquire() as producer, producer.batch(BATCH):
        for args in calls:
            sender.send_task(
                task,
                args,
                queue=queue,
                producer=producer,
                ignore_result=True,
                add_to_parent=False,
                retry=False,
            )


@cache
def _sender() -> Celery:
    """A Celery application that only sends, and loses patience sooner than the workers' own."""
    sender = Celery("nudges", set_as_current=False)
    sender.config_from_object("django.conf:settings", namespace="CELERY")
    sender.conf.broker_transport_options = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        "socket_connect_timeout": PATIENCE,
        "socket_timeout": PATIENCE,
        "max_retries": 0,
    }
    return sender
