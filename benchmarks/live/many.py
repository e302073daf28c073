"""10,000 viewers on one process: their memory, and no thread for them."""

from collections.abc import Iterator

import uvloop

from benchmarks.figures import Figure
from benchmarks.ground import Server, web
from benchmarks.live.people import STREAMS, cookies, make_team
from benchmarks.live.streams import Crowd, stream_request

VIEWERS = 9_500
WARMERS = 500


def measure() -> Iterator[Figure]:
    team = make_team()
    signed_in = cookies(team, (VIEWERS + WARMERS) // STREAMS)
    requests = [stream_request(team.slug, cookie) for cookie in signed_in * STREAMS]
    with web() as portal:
        memory, threads = uvloop.run(_measure(portal, requests))
    yield Figure("live_viewers_on_one_process", len(requests), 10_000, at_least=True)
    yield Figure("live_memory_a_viewer_kib", memory / VIEWERS / 1024, 16.0)
    yield Figure("live_threads_for_viewers", threads, 0.0)


async def _measure(portal: Server, requests: list[bytes]) -> tuple[int, int]:
    """Bytes and threads that the viewers after the first few took."""
    crowd = Crowd()
    await crowd.open(portal.port, requests[:WARMERS])
    memory, threads = portal.memory, portal.threads
    await crowd.open(portal.port, requests[WARMERS:])
    grown = portal.memory - memory, portal.threads - threads
    crowd.close()
    return grown
