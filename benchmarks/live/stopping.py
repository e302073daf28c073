"""The web process is asked to stop with 1,000 open streams, while webhooks come in.

The listening socket is the supervisor's and stays: what comes meanwhile waits for the next process.
"""

import asyncio
import signal
from collections.abc import Iterator
from time import perf_counter

import uvloop

from benchmarks.figures import Figure
from benchmarks.ground import Server, listener, until_it_answers, web_on
from benchmarks.hooks.scene import Scene, make_scene
from benchmarks.hooks.sending import connect
from benchmarks.live.people import STREAMS, cookies
from benchmarks.live.streams import Crowd, stream_request
from rentals.models import InboxEntry

VIEWERS = 1000
HOOKS = 400
RATE = 100.0


def measure() -> Iterator[Figure]:
    scene = make_scene()
    team = scene.membership.team
    requests = [stream_request(team.slug, c) for c in cookies(team, VIEWERS // STREAMS) * STREAMS]
    with listener() as at, web_on(at) as first:
        until_it_answers(first)
        gone, answers = uvloop.run(_measure(scene, first, at, requests))
    kept = InboxEntry.objects.filter(account=scene.account).count()
    yield Figure("live_gone_after_sigterm_seconds", gone, 2.0)
    yield Figure("live_hooks_dropped_by_a_restart", HOOKS - sum(answers), 0.0)
    yield Figure("live_hooks_answered_and_not_kept", max(0, sum(answers) - kept), 0.0)


async def _measure(
    scene: Scene, first: Server, at: object, requests: list[bytes]
) -> tuple[float, list[bool]]:
    crowd = Crowd()
    await crowd.open(first.port, requests)
    sending = [asyncio.create_task(_send(scene, first.port, n / RATE)) for n in range(HOOKS)]
    await asyncio.sleep(HOOKS / RATE / 4)
    since = perf_counter()
    first.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(first.process.wait)
    gone = perf_counter() - since
    with web_on(at):  # type: ignore[arg-type]
        answers = await asyncio.gather(*sending)
    return gone, answers


async def _send(scene: Scene, port: int, wait: float) -> bool:
    """A provider's webhook, on a connection of its own."""
    await asyncio.sleep(wait)
    line = await connect(port)
    try:
        return await line.ask(scene.request(10_561_661))
    finally:
        if line.transport is not None:
            line.transport.close()
