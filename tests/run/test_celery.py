"""How workers run beside the rest."""

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from kombu.common import ignore_errors
from kombu.connection import Connection
from kombu.message import Message
from kombu.simple import SimpleQueue
from redis import Redis

from smsportal.celery import COURTESY
from smsportal.embedded.addresses import broker_url
from tests import processes

pytestmark = pytest.mark.processes


def test_a_worker_leaves_the_processor_to_the_web_server(fresh_database: str) -> None:
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with processes.worker(processes.environment(), "now") as worker:
        niceness = os.getpriority(os.PRIO_PROCESS, worker.popen.pid)
        assert niceness == min(19, usual + COURTESY)


def test_a_worker_outlives_redis_whatever_it_has_not_begun(tmp_path: Path) -> None:
    """Celery closes the connection twice, and ends where the second time fails."""
    with _lost_connection(tmp_path):
        pass


def test_a_worker_outlives_redis_whatever_it_has_begun(tmp_path: Path) -> None:
    """A message that was begun is acknowledged a moment later, when its connection may be gone;
    Celery ends where that fails by anything but an error of the connection."""
    with _lost_connection(tmp_path) as (message, connection):
        errors = connection.connection_errors
        message.ack_log_error(logging.getLogger(__name__), errors)  # type: ignore[no-untyped-call]


@contextmanager
def _lost_connection(tmp_path: Path) -> Iterator[tuple[Message, Connection]]:
    """A connection that was lost as workers lose it, and a message that had come by it."""
    real = urlsplit(settings.REDIS_URL)
    socket = tmp_path / "redis.sock"
    socket.symlink_to(real.path)
    queue = f"unbegun-{secrets.token_hex(4)}"
    with (
        Redis.from_url(settings.REDIS_URL) as redis,
        Connection(broker_url(f"unix://{socket}?{real.query}")) as connection,  # type: ignore[no-untyped-call]
    ):
        messages = connection.SimpleQueue(queue, serializer="json")
        orders = SimpleQueue(connection.channel(), f"{queue}-orders")  # type: ignore[no-untyped-call]
        with messages, orders:
            messages.put({})
            message = messages.get(timeout=5)
            with pytest.raises(orders.Empty):
                orders.get(timeout=0.1)  # type: ignore[no-untyped-call]
            socket.unlink()
            _cut(redis)
            _lose(connection)
            yield message, connection
        redis.delete(queue)


def _cut(redis: Redis) -> None:
    """All others' connections to this test's database."""
    own = {"id": str(redis.client_id()), "db": str(redis.connection_pool.connection_kwargs["db"])}
    for other in redis.client_list():
        if other["db"] == own["db"] and other["id"] != own["id"]:
            redis.client_kill_filter(_id=other["id"])


def _lose(connection: Connection) -> None:
    """As a worker does it: see on_connection_error_after_connected in Celery's consumer."""
    with suppress(Exception):
        connection.collect(socket_timeout=2.0)  # type: ignore[no-untyped-call]
    ignore_errors(connection, connection.close)  # type: ignore[no-untyped-call]
