"""From a webhook's sending to the event at a viewer, with 3,000 others on the process."""

import asyncio
from collections.abc import Iterator
from time import perf_counter

import uvloop

from benchmarks.figures import Figure
from benchmarks.ground import until, web, worker
from benchmarks.hooks.scene import Scene, make_scene
from benchmarks.hooks.sending import Sent, connect
from benchmarks.live.people import STREAMS, cookies, make_team
from benchmarks.live.streams import Crowd, stream_request
from rentals.models import InboxEntry

OTHERS = 3000
HOOKS = 150
WARMING = 10
PAUSE = 0.25  # seconds: codes come to people one by one
FIRST = 30_000_000


def measure() -> Iterator[Figure]:
    scene, elsewhere = make_scene(), make_team()
    scene.rentals(HOOKS + WARMING, start=FIRST)
    idle = [
        stream_request(elsewhere.slug, cookie)
        for cookie in cookies(elsewhere, OTHERS // STREAMS) * STREAMS
    ]
    (mine,) = cookies(scene.membership.team, 1)
    with web() as portal, worker("now"):
        _until_applied(scene, portal.port)
        watching = stream_request(scene.membership.team.slug, mine)
        sent = uvloop.run(_measure(scene, portal.port, watching, idle))
    yield Figure("live_webhook_to_event_p50_ms", sent.at(0.5), 10.0)
    yield Figure("live_webhook_to_event_p99_ms", sent.at(0.99), 10.0)


def _until_applied(scene: Scene, port: int) -> None:
    """The worker takes work."""
    uvloop.run(_send(scene, port, FIRST))
    mine = InboxEntry.objects.filter(account=scene.account, applied_at=None)
    until(lambda: not mine.exists(), "the worker works")


async def _send(scene: Scene, port: int, activation: int) -> None:
    line = await connect(port)
    await line.ask(scene.request(activation))


async def _measure(scene: Scene, port: int, watching: bytes, idle: list[bytes]) -> Sent:
    crowd, one, sent = Crowd(), Crowd(), Sent()
    await crowd.open(port, idle)
    await one.open(port, [watching])
    line = await connect(port)
    for number in range(1, HOOKS + WARMING):
        request = scene.request(FIRST + number)
        since = perf_counter()
        answered = line.ask(request)
        (seconds,) = await one.all_news(since)
        await answered
        if number > WARMING:
            sent.seconds.append(seconds)
        await asyncio.sleep(PAUSE)
    crowd.close()
    one.close()
    return sent
