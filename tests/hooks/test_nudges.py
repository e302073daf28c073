"""A nudge reaches its queue, or is dropped without keeping anybody waiting."""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import ModuleType
from typing import Any

import pytest
import redis
from django.utils import timezone

from accounts import announcements, nudges
from accounts.breaker import Breaker
from rentals.models import InboxEntry
from rentals.models.inbox import InboxOutcome
from rentals.nudges import nudge, nudge_each
from smsportal.embedded import addresses
from tests import processes
from tests.hooks.gate import Gate, before, redis_url
from tests.hooks.making import make_account


@contextmanager
def _using(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have nudges and announcements of this process go to another Redis."""

    def forget() -> None:
        nudges._broker.cache_clear()
        announcements._client.cache_clear()

    monkeypatch.setattr("django.conf.settings.REDIS_URL", url)
    monkeypatch.setattr("django.conf.settings.CELERY_BROKER_URL", addresses.broker_url(url))
    monkeypatch.setattr(nudges, "_breaker", Breaker("nudges", rest=0.2))
    monkeypatch.setattr(announcements, "_breaker", Breaker("announcements", rest=0.2))
    forget()
    yield
    forget()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Between this process and its Valkey."""
    with before(addresses.SOCKET_NAME_VALKEY) as gate, _using(redis_url(gate), monkeypatch):
        yield gate


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis whose machine doesn't answer: connections hang."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        with _using(f"redis://127.0.0.1:{address[1]}/0", monkeypatch):
            yield
        for one in waiting:
            one.close()


def _messages(valkey: redis.Redis, queue: str) -> list[tuple[str, Any]]:
    raw = [json.loads(message) for message in valkey.lrange(queue, 0, -1)]
    return [(m["headers"]["task"], json.loads(base64.b64decode(m["body"]))[0]) for m in raw][::-1]


def _counted(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> list[object]:
    """Gets an item for each call of the function from now on."""
    calls: list[object] = []
    function = getattr(module, name)

    def counting(*arguments: object) -> object:
        calls.append(arguments)
        return function(*arguments)

    monkeypatch.setattr(module, name, counting)
    return calls


def test_each_task_has_its_queue(valkey: redis.Redis) -> None:
    for task, queue in nudges.QUEUES.items():
        assert nudge(task, 7)
        assert _messages(valkey, queue)[-1] == (task, [7])


def test_a_queue_may_be_named_and_an_unknown_task_is_a_mistake(valkey: redis.Redis) -> None:
    assert nudge("accounts.something", "x", queue="bulk")
    assert _messages(valkey, "bulk") == [("accounts.something", ["x"])]
    with pytest.raises(KeyError):
        nudge("accounts.something", "x")


def test_many_go_together(valkey: redis.Redis) -> None:
    assert nudge_each("rentals.apply_inbox", [(pk,) for pk in range(1200)])
    assert _messages(valkey, "now") == [("rentals.apply_inbox", [pk]) for pk in range(1200)]


def test_a_redis_that_restarted_costs_no_nudge(gate: Gate, valkey: redis.Redis) -> None:
    for pk in range(4):
        assert nudge("rentals.send_rent", pk)
        assert announcements.announce({"team:1": str(pk)})
        gate.cut()
    assert len(_messages(valkey, "now")) == 4


def test_a_redis_that_is_away_is_asked_once_in_a_while(
    gate: Gate, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nudge("rentals.send_rent", 1)
    gate.shut()
    attempts = _counted(monkeypatch, nudges, "_send")
    assert not any(nudge("rentals.send_rent", 2) for _ in range(1000))
    assert len(attempts) < 100
    attempts = _counted(monkeypatch, announcements, "_publish")
    assert not any(announcements.announce({"team:1": "2"}) for _ in range(1000))
    assert len(attempts) < 100
    gate.open()
    deadline = monotonic() + 5
    while not nudge("rentals.send_rent", 3):
        assert monotonic() < deadline
    assert _messages(valkey, "now") == [("rentals.send_rent", [1]), ("rentals.send_rent", [3])]


def test_a_redis_that_hangs_keeps_nobody_for_long(silent: None) -> None:
    started = monotonic()
    assert not any(nudge("rentals.send_rent", 1) for _ in range(20))
    assert monotonic() - started < 3
    started = monotonic()
    assert not any(announcements.announce({"team:1": "2"}) for _ in range(20))
    assert monotonic() - started < 3


@pytest.mark.processes
def test_a_worker_takes_a_nudge_for_what_it_is(fresh_database: str) -> None:
    entry = InboxEntry.objects.create(
        account=make_account("smsvilla").account,
        body=b"{}",
        body_sha256=bytes(32),
        activation_id="nobody's",
        received_at=timezone.now(),
    )

    def applied() -> bool:
        entry.refresh_from_db()
        return entry.outcome == InboxOutcome.UNKNOWN_ACTIVATION

    with processes.worker(processes.environment(), "now") as worker:
        assert nudge("rentals.apply_inbox", entry.pk)
        worker.until(applied, "the entry is applied")
