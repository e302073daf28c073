"""Never a 200 for what is not on disk: the database away or slow, the web server killed."""

import socket
from collections.abc import Callable, Iterator
from time import monotonic

import httpx
import psycopg
import pytest
from django.db import transaction

from accounts.operations.provider_accounts import lock
from rentals.hooks.inbox import AT_ONCE
from rentals.models import InboxEntry
from smsportal.embedded import addresses
from tests import processes
from tests.hooks.gate import Gate, before, database_url
from tests.hooks.making import Made, make_account, signed, smsgig_body, smsvilla_body
from tests.hooks.serving import Web, serve
from tests.hooks.wire import connected, read_answers, request
from tests.waiting import until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with before(addresses.SOCKET_NAME_POSTGRES) as gate:
        yield gate


@pytest.fixture(scope="module")
def web(gate: Gate) -> Iterator[Web]:
    with serve(processes.environment(DATABASE_URL=database_url(gate))) as web:
        yield web


def _post(client: httpx.Client, made: Made) -> tuple[int, float]:
    """The status, and the seconds that it took."""
    started = monotonic()
    body = smsvilla_body()
    return client.post(made.path, content=body).status_code, monotonic() - started


def test_a_database_that_is_away_is_a_503_at_once(client: httpx.Client, gate: Gate) -> None:
    made = make_account("smsvilla")
    assert _post(client, made)[0] == 200
    gate.shut()
    try:
        for _ in range(5):
            status, seconds = _post(client, made)
            assert status == 503
            assert seconds < 3
    finally:
        gate.open()
    assert _post(client, made)[0] == 200
    assert InboxEntry.objects.count() == 2


def test_a_restart_in_between_costs_no_webhook(client: httpx.Client, gate: Gate) -> None:
    made = make_account("smsvilla")
    for _ in range(3):
        assert _post(client, made)[0] == 200
        gate.cut()
    assert _post(client, made)[0] == 200
    assert InboxEntry.objects.count() == 4


def test_a_database_that_hangs_is_a_503_in_time(client: httpx.Client, gate: Gate) -> None:
    made = make_account("smsvilla")
    assert _post(client, made)[0] == 200
    gate.freeze()
    try:
        status, seconds = _post(client, made)
        assert status == 503
        assert seconds < 5
    finally:
        gate.thaw()
    until(lambda: _post(client, made)[0] == 200, "webhooks are taken again", 5)


def test_a_locked_table_is_a_503_in_time(client: httpx.Client, fresh_database: str) -> None:
    made = make_account("smsvilla")
    with psycopg.connect(fresh_database) as other:
        other.execute("LOCK TABLE rentals_inboxentry IN EXCLUSIVE MODE")
        status, seconds = _post(client, made)
        assert status == 503
        assert seconds < 5
    assert _post(client, made)[0] == 200
    assert InboxEntry.objects.count() == 1


def test_an_account_that_is_being_worked_on_takes_webhooks(client: httpx.Client) -> None:
    made = make_account("smsvilla")
    with transaction.atomic():
        lock(made.account)
        status, seconds = _post(client, made)
    assert status == 200
    assert seconds < 3


def test_those_that_wait_for_a_commit_share_the_next(
    web: Web, client: httpx.Client, fresh_database: str
) -> None:
    made = make_account("smsvilla")
    assert _post(client, made)[0] == 200
    wires = [socket.create_connection(("127.0.0.1", web.port), 10) for _ in range(AT_ONCE + 20)]
    with psycopg.connect(fresh_database) as other:
        other.execute("LOCK TABLE rentals_inboxentry IN EXCLUSIVE MODE")
        for held, wire in enumerate(wires[:AT_ONCE], start=1):
            wire.sendall(request(made.path, smsvilla_body()))
            until(_inserts_wait(fresh_database, held), f"{held} inserts wait")
        for wire in wires[AT_ONCE:]:
            wire.sendall(request(made.path, smsvilla_body()))
        _all_are_read(client, made)
    for wire in wires:
        assert read_answers(wire, 1) == [200]
        wire.close()
    with psycopg.connect(fresh_database) as other:
        rows = other.execute("SELECT count(*) FROM rentals_inboxentry GROUP BY xmin::text")
        assert sorted(rows) == [(1,)] * (1 + AT_ONCE) + [(20,)]


def _all_are_read(client: httpx.Client, made: Made) -> None:
    """Return when the server has taken in what was sent to it before.

    Its one loop reads what has arrived before what comes later, and looks addresses up in turn, so
    an unknown one is refused after the others are found. Twice: what is read together with the
    first may be begun after it.
    """
    for _ in range(2):
        assert client.post(f"{made.path}x", content=b"{}").status_code == 404


def _inserts_wait(database: str, count: int) -> Callable[[], bool]:
    """Whether so many webhooks wait for a lock; the one before may wait as well, to be applied."""

    def waiting() -> bool:
        with psycopg.connect(database) as other:
            waits = "datname = current_database() AND wait_event_type = 'Lock'"
            asked = other.execute(
                f"SELECT FROM pg_stat_activity WHERE {waits} AND query ILIKE '%INSERT INTO rent%'"
            )
            return len(asked.fetchall()) == count

    return waiting


def test_what_was_acknowledged_survives_a_kill(fresh_database: str) -> None:
    made = make_account("smsgig")
    sent = [smsgig_body() for _ in range(30)]
    with serve(processes.environment()) as web:
        wires = [socket.create_connection(("127.0.0.1", web.port), 10) for _ in sent]
        for wire, body in zip(wires, sent, strict=True):
            headers = [f"{name}: {value}" for name, value in signed(body, made.key).items()]
            wire.sendall(request(made.path, body, *headers))
        assert read_answers(wires[0], 1) == [200]
        web.process.kill()
    acknowledged = [body for wire, body in zip(wires, sent, strict=True) if _was_taken(wire)]
    stored = {bytes(body) for body in InboxEntry.objects.values_list("body", flat=True)}
    assert {sent[0], *acknowledged} <= stored


def _was_taken(wire: socket.socket) -> bool:
    with wire:
        try:
            return wire.recv(65536).startswith(b"HTTP/1.1 200 ")
        except ConnectionError:
            return False


def test_a_stop_answers_what_is_under_way(fresh_database: str) -> None:
    made = make_account("smsvilla")
    with (
        serve(processes.environment()) as web,
        psycopg.connect(fresh_database) as other,
        connected(web) as wire,
    ):
        other.execute("LOCK TABLE rentals_inboxentry IN EXCLUSIVE MODE")
        wire.sendall(request(made.path, smsvilla_body()))
        until(_inserts_wait(fresh_database, 1), "the insert waits")
        web.process.popen.terminate()
        other.rollback()
        assert read_answers(wire, 1) == [200]
        web.process.wait()
    assert InboxEntry.objects.count() == 1
