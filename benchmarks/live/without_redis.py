"""30 seconds without Redis: how soon after its return every viewer hears of changes again."""

import asyncio
import signal
from collections.abc import Iterator
from time import perf_counter

import uvloop

from benchmarks.figures import Figure
from benchmarks.ground import ground, web
from benchmarks.live.people import STREAMS, cookies, make_team
from benchmarks.live.streams import Crowd, stream_request
from rentals import channels
from rentals.models import Rental

VIEWERS = 500
AWAY = 30.0


def measure() -> Iterator[Figure]:
    team = make_team()
    requests = [stream_request(team.slug, c) for c in cookies(team, VIEWERS // STREAMS) * STREAMS]
    with web() as portal:
        told, heard = uvloop.run(_measure(team.pk, portal.port, requests))
    yield Figure("live_all_read_again_after_redis_seconds", told, 3.0)
    yield Figure("live_events_again_after_redis_seconds", heard, 3.0)


async def _measure(team_id: int, port: int, requests: list[bytes]) -> tuple[float, float]:
    crowd = Crowd()
    await crowd.open(port, requests)
    _, process = ground().servers.running[1]
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)
    await asyncio.sleep(AWAY)
    since = perf_counter()
    await asyncio.to_thread(_start_again)
    publishing = asyncio.create_task(_publish(team_id))
    await crowd.all_synced(since)
    told = perf_counter() - since
    await crowd.all_news(since)
    heard = perf_counter() - since
    publishing.cancel()
    crowd.close()
    return told, heard


def _start_again() -> None:
    servers = ground().servers
    valkey, _ = servers.running.pop(1)
    servers.start(valkey)


async def _publish(team_id: int) -> None:
    while True:
        await asyncio.to_thread(channels.publish, Rental(pk=7, team_id=team_id, member_id=0))
        await asyncio.sleep(0.05)
