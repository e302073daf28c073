"""Streams while a service is away, and when the server stops."""

import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import httpx
import pytest

from accounts import announcements
from accounts.models import Team
from accounts.states import Role
from smsportal.embedded import addresses
from tests import processes
from tests.hooks.gate import Gate, before, database_url, redis_url
from tests.hooks.making import make_account, smsvilla_body
from tests.hooks.serving import Web, serve
from tests.live.making import Person, change, make_person, make_team
from tests.live.stream import SYNC, Stream
from tests.waiting import until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def postgres() -> Iterator[Gate]:
    with before(addresses.SOCKET_NAME_POSTGRES) as gate:
        yield gate


@pytest.fixture(scope="module")
def redis_gate() -> Iterator[Gate]:
    with before(addresses.SOCKET_NAME_VALKEY) as gate:
        yield gate


@pytest.fixture(scope="module")
def server(postgres: Gate, redis_gate: Gate) -> Iterator[Web]:
    """Its services are behind gates; the tests' own process reaches them directly."""
    gates = {"DATABASE_URL": database_url(postgres), "REDIS_URL": redis_url(redis_gate)}
    with serve(processes.environment(**gates)) as web:
        yield web


def _listening(stream: Stream, team: Team, person: Person) -> None:
    """Wait for an event, so that a `sync` that comes later is of what happens later."""
    stream.opened()
    change(team, person, 99)
    stream.hears(99)


def _hears_again(stream: Stream, team: Team, person: Person) -> None:
    """Announce until it is heard."""

    def heard() -> bool:
        change(team, person, 2)
        stream.read(0.2)
        return 2 in stream.events

    until(heard, "what is announced is heard")


def test_after_redis_came_back_everything_is_read_again(web: Web, redis_gate: Gate) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    with Stream(web, team.slug, person.cookie) as stream:
        _listening(stream, team, person)
        redis_gate.shut()
        stream.hears(SYNC)  # what changes from now on can't be told one by one
        change(team, person, 1)
        redis_gate.open()
        stream.hears(SYNC)
        _hears_again(stream, team, person)
    assert 1 not in stream.events


def test_without_redis_streams_open_and_are_told_when_it_is_back(
    web: Web, redis_gate: Gate
) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    redis_gate.shut()
    try:
        stream = Stream(web, team.slug, person.cookie).opened()
    finally:
        redis_gate.open()
    with stream:
        stream.hears(SYNC)
        _hears_again(stream, team, person)


def test_a_redis_that_falls_silent_is_noticed(web: Web, redis_gate: Gate) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    with Stream(web, team.slug, person.cookie) as stream:
        _listening(stream, team, person)
        redis_gate.freeze()
        try:
            web.process.until_said("Redis (event streams) is away: TimeoutError", 15)
        finally:
            redis_gate.thaw()
        stream.hears(SYNC)
        _hears_again(stream, team, person)


def test_what_could_not_be_announced_is_made_good(
    web: Web, monkeypatch: pytest.MonkeyPatch, redis_gate: Gate
) -> None:
    """It is the one who announces that has no Redis here: the listener hears no gap of its own."""
    team = make_team()
    person = make_person((team, Role.ADMIN))
    with Stream(web, team.slug, person.cookie) as stream, before("valkey.sock") as gate:
        _listening(stream, team, person)
        monkeypatch.setattr("django.conf.settings.REDIS_URL", redis_url(gate))
        announcements._client.cache_clear()
        try:
            gate.shut()
            change(team, person, 1)
            gate.open()
            stream.hears(SYNC)
        finally:
            announcements._client.cache_clear()
    assert 1 not in stream.events


def test_open_streams_outlast_a_database_that_is_away(web: Web, postgres: Gate) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    with Stream(web, team.slug, person.cookie) as stream:
        _listening(stream, team, person)
        postgres.shut()
        try:
            answer = httpx.get(f"{web.base}/live/{team.slug}", headers={"Cookie": person.cookie})
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            change(team, person, 2)
            stream.hears(2)
            announcements.revoke(team_id=team.pk)
            change(team, person, 3)
        finally:
            postgres.open()
        stream.hears(SYNC)
        assert 3 not in stream.events, "nothing is told before it is checked"
    with Stream(web, team.slug, person.cookie) as stream:
        stream.opened()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_streams_at_once_and_drops_no_webhook(
    fresh_database: str, number: signal.Signals
) -> None:
    team, villa = make_team(), make_account("smsvilla")
    people = [make_person((team, Role.ADMIN)) for _ in range(10)]
    with serve(processes.environment()) as web:
        cookies = [person.cookie for person in people for _ in range(20)]
        streams = [Stream(web, team.slug, cookie) for cookie in cookies]
        for stream in streams:
            stream.opened()
        hook = httpx.post(f"{web.base}{villa.path}", content=smsvilla_body())
        assert hook.status_code == 200
        started = monotonic()
        web.process.send(number)
        code = web.process.wait(5)
        seconds = monotonic() - started
        assert seconds < 10, "without us it would wait for the streams for ever"
        assert code in (0, -number)
        for stream in streams:
            stream.ends()
            stream.wire.close()
        assert "Traceback" not in web.process.output()


def test_a_stream_costs_no_thread(web: Web) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))
    first = Stream(web, team.slug, person.cookie).opened()
    before = _threads(web)
    streams = [Stream(web, team.slug, person.cookie).opened() for _ in range(19)]
    assert _threads(web) == before
    for stream in [first, *streams]:
        stream.wire.close()


def _threads(web: Web) -> int:
    return len(list(Path(f"/proc/{web.process.popen.pid}/task").iterdir()))
