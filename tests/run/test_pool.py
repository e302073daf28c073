"""However requests come, each page has one of the pool's connections and gives it back."""

import asyncio
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.test import RequestFactory

from accounts.states import Role
from smsportal import pages
from smsportal.embedded.waiting import within
from smsportal.running import ports
from tests import processes
from tests.live.making import make_person, make_team
from tests.waiting import until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("styled")]

STATUS = re.compile(rb"HTTP/1\.1 \d{3} [A-Za-z ]+")


@contextmanager
def web(pool: int) -> Iterator[tuple[str, int]]:
    """Where a web process listens whose pages share so many connections."""
    with ports.listen("127.0.0.1", "") as listener:
        words = ["-m", "smsportal.web", str(listener.fileno())]
        environment = processes.environment(DATABASE_POOL=str(pool))
        with processes.python(
            *words, environment=environment, name="web-pool", files=(listener.fileno(),)
        ):
            yield listener.getsockname()


def request(path: str, cookie: str, *, last: bool = False) -> bytes:
    end = "close" if last else "keep-alive"
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: {cookie}", f"Connection: {end}")
    return "\r\n".join((*lines, "", "")).encode()


def answers(where: tuple[str, int], *requests: bytes) -> list[bytes]:
    """The status lines of the answers to requests that are sent in one go."""
    with socket.create_connection(where, 60) as wire:
        wire.sendall(b"".join(requests))
        got = b"".join(iter(lambda: wire.recv(65536), b""))
    return STATUS.findall(got)


@pytest.mark.parametrize("path", ["/t/nobody/", "/nowhere/", "/t/{team}/rentals/999999/"])
def test_an_error_takes_no_second_connection_for_its_page(fresh_database: str, path: str) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    with web(1) as where:
        at = path.format(team=team.slug)
        told = answers(where, request(at, person.cookie, last=True))
        assert told == [b"HTTP/1.1 404 Not Found"]
        told = answers(where, request("/profile/", person.cookie, last=True))
        assert told == [b"HTTP/1.1 200 OK"]


def test_requests_that_come_in_one_go_give_their_connections_back(fresh_database: str) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    page = request(f"/t/{team.slug}/", person.cookie)
    last = request("/profile/", person.cookie, last=True)
    with web(2) as where:
        for _ in range(3):
            assert answers(where, page, page, last) == 3 * [b"HTTP/1.1 200 OK"]


def test_who_asks_while_a_download_ends_costs_no_connection(fresh_database: str) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    file = request(f"/t/{team.slug}/rentals/export?format=csv", person.cookie)
    last = request("/profile/", person.cookie, last=True)
    with web(2) as where:
        for _ in range(3):
            assert answers(where, file, last) == 2 * [b"HTTP/1.1 200 OK"]


def test_who_leaves_in_the_middle_costs_no_connection(fresh_database: str) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    page = request(f"/t/{team.slug}/", person.cookie)
    last = request("/profile/", person.cookie, last=True)
    with web(1) as where, psycopg.connect(fresh_database) as ours:
        ours.execute("LOCK TABLE rentals_rental")
        with socket.create_connection(where, 60) as wire:
            wire.sendall(page + page)
            until(lambda: _somebody_waits(ours), "the page is being made")
        assert answers(where, request("/hooks/", "", last=True)), "the server knows that they left"
        ours.rollback()
        assert answers(where, last) == [b"HTTP/1.1 200 OK"]


def test_who_waits_for_a_turn_takes_no_connection(fresh_database: str) -> None:
    """Else the last of many finds none left, and gets an error instead of the page."""
    team = make_team()
    person = make_person((team, Role.ADMIN))
    page = request(f"/t/{team.slug}/", person.cookie, last=True)
    with web(3) as where, psycopg.connect(fresh_database) as ours, ThreadPoolExecutor(10) as many:
        ours.execute("LOCK TABLE rentals_rental")
        asked = [many.submit(answers, where, page) for _ in range(10)]
        try:
            until(lambda: _somebody_waits(ours), "the first page is being made")
            assert not within(1.5, lambda: _waiting(ours) > 1)
        finally:
            ours.rollback()
        assert [each.result() for each in asked] == 10 * [[b"HTTP/1.1 200 OK"]]


async def test_who_has_waited_for_long_is_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    monkeypatch.setattr(pages, "PATIENCE", 0.01)
    served = pages.Pages()
    served._room = asyncio.Semaphore(0)
    told = await served.run_get_response(rf.get("/", headers={"accept-language": "pl"}))
    assert told.status_code == 503
    assert told.headers["Retry-After"] == "5"
    assert "Spróbuj ponownie" in getattr(told, "text")  # noqa: B009 - not of every response


def _somebody_waits(ours: psycopg.Connection[tuple[int]]) -> bool:
    return _waiting(ours) > 0


def _waiting(ours: psycopg.Connection[tuple[int]]) -> int:
    return len(ours.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall())
