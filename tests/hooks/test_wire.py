"""Senders that do not behave like a client library."""

import socket

import pytest

from rentals.models import InboxEntry
from tests.hooks.making import make_account, smsvilla_body
from tests.hooks.serving import Web
from tests.hooks.wire import chunked, connected, head, read_answers, request, until_closed

pytestmark = pytest.mark.processes


@pytest.fixture
def path(fresh_database: str) -> str:
    return make_account("smsvilla").path


def test_a_body_in_chunks(web: Web, path: str) -> None:
    body = smsvilla_body()
    with connected(web) as wire:
        wire.sendall(head(path, "Transfer-Encoding: chunked"))
        for piece in chunked(body, 7):
            wire.sendall(piece)
        assert read_answers(wire, 1) == [200]
    assert bytes(InboxEntry.objects.get().body) == body


def test_chunks_without_an_end_are_refused_at_the_limit(web: Web, path: str) -> None:
    with connected(web) as wire:
        wire.sendall(head(path, "Transfer-Encoding: chunked"))
        for _ in range(65):
            wire.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
        assert read_answers(wire, 1) == [413]
    assert not InboxEntry.objects.exists()


def test_a_sender_that_first_sends_it_all_still_reads_why_not(web: Web, path: str) -> None:
    with connected(web) as wire:
        wire.sendall(request(path, b" " * 8 * 1024 * 1024))
        assert read_answers(wire, 1) == [413]
        assert until_closed(wire) == b""


def test_an_announced_size_over_the_limit_is_refused_unread(web: Web, path: str) -> None:
    with connected(web) as wire:
        wire.sendall(head(path, "Content-Length: 70000", "Expect: 100-continue"))
        assert read_answers(wire, 1) == [413]


def test_a_sender_that_leaves_in_the_middle_stores_nothing(web: Web, path: str) -> None:
    body = smsvilla_body()
    with connected(web) as wire:
        wire.sendall(request(path, body)[:-5])
    with connected(web) as wire:
        wire.sendall(request(path, body)[:-5])
        wire.shutdown(socket.SHUT_WR)
        assert until_closed(wire) == b""
    with connected(web) as wire:
        wire.sendall(request(path, smsvilla_body()))
        assert read_answers(wire, 1) == [200]
    assert InboxEntry.objects.count() == 1
    assert "Traceback" not in web.process.output()


def test_requests_behind_each_other_on_one_connection(web: Web, path: str) -> None:
    bodies = [smsvilla_body() for _ in range(5)]
    with connected(web) as wire:
        wire.sendall(
            b"".join([request(path, body) for body in bodies])
            + request(path, b"not JSON")
            + request(path + "x", bodies[0])
            + request(path, bodies[0])
        )
        assert read_answers(wire, 8) == [200, 200, 200, 200, 200, 400, 404, 200]
    assert InboxEntry.objects.count() == len(bodies)


def test_a_sender_that_does_not_wait_for_the_answer(web: Web, path: str) -> None:
    with connected(web) as wire:
        wire.sendall(request(path, smsvilla_body()))
        wire.shutdown(socket.SHUT_WR)
        until_closed(wire)
    with connected(web) as wire:
        wire.sendall(request(path, smsvilla_body()))
        assert read_answers(wire, 1) == [200]
    assert InboxEntry.objects.count() == 2


def test_a_websocket_is_refused(web: Web, path: str) -> None:
    with connected(web) as wire:
        upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        wire.sendall(head(path, *upgrade, key, method="GET"))
        assert until_closed(wire).startswith(b"HTTP/1.1 403 ")
    assert path not in web.process.output()
