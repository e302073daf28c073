"""The web process on a socket that isn't its own: quick answers, many at once, an orderly end."""

import json
import re
import socket
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import httpx
import pytest

from accounts.actions import Action
from accounts.models import AuditEvent
from smsportal.running import ports
from tests import processes
from tests.processes import Process

pytestmark = pytest.mark.processes

REQUEST = b"POST /hooks/x/y HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
JSON = re.compile(rb"\{.*\}")
REFUSED = b"HTTP/1.1 404 "


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with ports.listen("127.0.0.1", "") as listener:
        yield listener


@contextmanager
def web(listener: socket.socket, *application: str, **more: str) -> Iterator[Process]:
    """On a socket that it inherits, as `make run` starts it; with `more` in its environment."""
    words = ["-m", "smsportal.web", str(listener.fileno()), *application]
    environment = processes.environment() | more
    with processes.python(
        *words, environment=environment, name="web-fd", files=(listener.fileno(),)
    ) as process:
        yield process


def connect(listener: socket.socket) -> socket.socket:
    wire = socket.create_connection(listener.getsockname(), 30)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def answer(wire: socket.socket) -> bytes:
    """The whole answer, whose body ends with a brace."""
    got = b""
    while not got.endswith(b"}"):
        data = wire.recv(4096)
        assert data, f"closed after {got!r}"
        got += data
    return got


def test_no_answer_waits_for_an_acknowledgement_of_its_head(
    listener: socket.socket, fresh_database: str
) -> None:
    seconds = []
    with web(listener), connect(listener) as wire:
        for _ in range(40):
            started = monotonic()
            wire.sendall(REQUEST)
            assert answer(wire).startswith(REFUSED)
            seconds.append(monotonic() - started)
    assert statistics.median(seconds) < 0.03, "40 ms is how long an acknowledgement is held back"


def test_whoever_was_accepted_is_answered_and_others_wait_for_the_next(
    listener: socket.socket, fresh_database: str
) -> None:
    with web(listener) as process:
        with connect(listener) as first:
            first.sendall(REQUEST)
            assert answer(first).startswith(REFUSED)
        accepted = [connect(listener) for _ in range(300)]
        process.popen.terminate()
        for wire in accepted:
            wire.sendall(REQUEST)
        process.wait()
    later = connect(listener)
    later.sendall(REQUEST)
    with web(listener):
        for wire in [*accepted, later]:
            assert answer(wire).startswith(REFUSED)
            wire.close()


def test_on_a_socket_of_its_own_whoever_came_is_answered_and_later_ones_are_refused(
    fresh_database: str,
) -> None:
    address = ("127.0.0.1", processes.free_port())
    words = ["-m", "smsportal.web", "{}:{}".format(*address)]
    with processes.python(*words, environment=processes.environment(), name="web-own") as process:
        process.until(lambda: _is_open(address), "it listens")
        accepted = [socket.create_connection(address, 30) for _ in range(200)]
        accepted[0].sendall(REQUEST)
        assert answer(accepted[0]).startswith(REFUSED)
        process.popen.terminate()
        for wire in accepted[1:]:
            wire.sendall(REQUEST)
        for wire in accepted[1:]:
            assert answer(wire).startswith(REFUSED)
            wire.close()
        process.wait()
    assert not _is_open(address)


def test_garbage_is_not_looked_for_in_what_was_loaded(
    listener: socket.socket, fresh_database: str
) -> None:
    with web(listener, "tests.run.garbage:application"), connect(listener) as wire:
        wire.sendall(REQUEST)
        (told,) = map(json.loads, JSON.findall(answer(wire)))
    assert told["frozen"] > 10 * told["collected"] > 0


def _is_open(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, 5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.usefixtures("styled")
@pytest.mark.parametrize(("proxies", "expected"), [("0", "127.0.0.1"), ("1", "198.51.100.7")])
def test_an_address_is_what_our_own_proxies_say(
    listener: socket.socket, fresh_database: str, proxies: str, expected: str
) -> None:
    """Also to who connects from this machine, as any proxy on it does for everybody."""
    place = f"http://localhost:{listener.getsockname()[1]}/account/login/"
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    with (
        web(listener, TRUSTED_PROXIES=proxies),
        httpx.Client(headers=headers, timeout=60) as browser,
    ):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(place).text)
        assert token
        form = {"login": "nobody@example.org", "password": "wrong", "csrfmiddlewaretoken": token[1]}
        assert browser.post(place, data=form).is_success
    failed = AuditEvent.objects.get(action=Action.SIGN_IN_FAILED)
    assert failed.address == expected
