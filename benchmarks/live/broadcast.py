"""News for 3,000 viewers at once, beside the least that can tell as many."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import uvloop

from benchmarks.figures import Figure
from benchmarks.ground import Server, listener, running, web
from benchmarks.live.people import STREAMS, cookies, make_team
from benchmarks.live.streams import Crowd, stream_request
from rentals import channels
from rentals.models import Rental

VIEWERS = 3000
ROUNDS = 15


def measure() -> Iterator[Figure]:
    team = make_team()
    signed_in = cookies(team, VIEWERS // STREAMS)
    requests = [stream_request(team.slug, cookie) for cookie in signed_in * STREAMS]
    with web() as portal, floor() as least:
        ours, bare = uvloop.run(_measure(team.pk, portal.port, least.port, requests))
    yield Figure("live_broadcast_p50_ms", 1000 * median(ours), 100.0)
    ratio = median(a / b for a, b in zip(ours, bare, strict=True))
    yield Figure("live_broadcast_p50_per_bare_tcp", ratio, 2.0)


async def _measure(
    team_id: int, portal: int, least: int, requests: list[bytes]
) -> tuple[list[float], list[float]]:
    """The median viewer's seconds in each round, ours and the floor's taking turns."""
    streams, bare = Crowd(), Crowd()
    await streams.open(portal, requests)
    await bare.open(least, requests)
    _, trigger = await asyncio.open_connection("127.0.0.1", least)
    told: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        since = perf_counter()
        await asyncio.to_thread(
            channels.publish, Rental(pk=123_456_789_000 + number, team_id=team_id, member_id=0)
        )
        told[0].append(median(await streams.all_news(since)))
        since = perf_counter()
        trigger.write(b"!")
        told[1].append(median(await bare.all_news(since)))
    streams.close()
    bare.close()
    return told


@contextmanager
def floor() -> Iterator[Server]:
    with listener() as at:
        words = [sys.executable, "-m", "benchmarks.live.floor", str(at.fileno())]
        with running(words, None, at.fileno()) as process:
            assert isinstance(process, subprocess.Popen)  # noqa: S101
            yield Server(process, at.getsockname()[1])
