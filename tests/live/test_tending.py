"""What the clock does to open streams, second by second, without waiting for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from accounts.models import Membership, User
from accounts.states import Role
from rentals.live import Live
from rentals.live.admission import Permit, Refused, Request
from rentals.live.viewer import BEAT
from tests.live.making import Person, make_person, make_team, sign_in


class Held:
    """Streams of a lane in this process."""

    def __init__(self, lane: Live) -> None:
        self.lane = lane
        self.left = asyncio.Event()
        self.statuses: list[int] = []

    async def open(self, slug: str, cookie: str) -> list[bytes]:
        """Open one and give what it hears, into which more comes; b"" is its end."""
        heard: list[bytes] = []
        began = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not began.is_set():
                began.set()
                return {"type": "http.request"}
            while heard[-1:] != [b""] and not self.left.is_set():
                await asyncio.sleep(0.005)
            return {"type": "http.disconnect"}

        async def send(event: dict[str, Any]) -> None:
            if event["type"] == "http.response.start":
                self.statuses.append(event["status"])
            else:
                heard.append(event["body"])

        headers = [(b"cookie", cookie.encode())]
        scope = {"type": "http", "method": "GET", "path": f"/live/{slug}", "headers": headers}
        self.task = asyncio.create_task(self.lane(scope, receive, send))
        await began.wait()
        return heard


def _in_loop(test: Callable[[Held], Awaitable[None]]) -> None:
    async def run() -> None:
        lane = Live()
        held = Held(lane)
        await test(held)
        held.left.set()
        await lane.admission.close()

    asyncio.run(run())


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def test_each_stream_beats_every_fifteen_seconds(fresh_database: str) -> None:
    team = make_team()
    people = [make_person((team, Role.ADMIN)) for _ in range(2)]

    async def test(held: Held) -> None:
        streams = [
            await held.open(team.slug, person.cookie) for person in people for _ in range(16)
        ]
        for minute in range(1, 3):
            for second in range(60):
                held.lane.tick(60 * minute + second)
            assert [heard.count(BEAT) for heard in streams] == [4 * minute] * len(streams)

    _in_loop(test)


def _remove(person: Person) -> None:
    Membership.objects.filter(user=person.user).delete()


def _sign_out(person: Person) -> None:
    person.session.delete()


def _deactivate(person: Person) -> None:
    User.objects.filter(pk=person.user.pk).update(is_active=False)


def _over(person: Person) -> None:
    person.session.set_expiry(-1)
    person.session.save()


def _new_password(person: Person) -> None:
    person.user.set_password("another long password")
    person.user.save()


def test_within_thirty_seconds_a_stream_that_nobody_told_of_is_found_out(
    fresh_database: str,
) -> None:
    ways = [_remove, _sign_out, _deactivate, _over, _new_password]
    team = make_team()
    people = [make_person((team, Role.ADMIN)) for _ in ways]
    stays = make_person((team, Role.ADMIN))
    again = f"sessionid={sign_in(stays.user).session_key}"

    async def test(held: Held) -> None:
        streams = [await held.open(team.slug, person.cookie) for person in people]
        kept = [await held.open(team.slug, cookie) for cookie in (stays.cookie, again)]
        for way, person in zip(ways, people, strict=True):
            await asyncio.to_thread(way, person)
        for second in range(30):
            held.lane.tick(second)
        await _until(lambda: all(heard[-1] == b"" for heard in streams))
        held.lane.missed()
        assert [heard[-1] for heard in kept] == [b"event: sync\ndata:\n\n"] * 2
        assert [len(heard) for heard in streams] == [len(streams[0])] * len(streams)

    _in_loop(test)


def test_rights_that_end_while_a_stream_opens_are_asked_for_again(
    fresh_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = make_team()
    person = make_person((team, Role.ADMIN))

    async def test(held: Held) -> None:
        admit = held.lane.admission.admit

        async def overtaken(requests: list[Request]) -> list[Permit | Refused]:
            monkeypatch.undo()
            answers = await admit(requests)
            assert isinstance(answers[0], Permit)
            await asyncio.to_thread(_remove, person)
            held.lane.revoked(team.pk, person.user.pk)
            return answers

        monkeypatch.setattr(held.lane._requests, "_run", overtaken)
        opening = asyncio.create_task(held.open(team.slug, person.cookie))
        await _until(lambda: hasattr(held, "task") and held.task.done())
        assert held.statuses == [404]
        opening.cancel()

    _in_loop(test)
