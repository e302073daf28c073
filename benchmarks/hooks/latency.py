"""How soon a webhook is answered at 200 a second, beside the least that could answer it."""

from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.ground import web
from benchmarks.hooks.scene import make_scene
from benchmarks.hooks.sending import Sent, open_loop

RATE = 200.0
TURN = 5.0  # seconds
TURNS = 4


def measure() -> Iterator[Figure]:
    scene = make_scene()
    ours, bare = Sent(), Sent()
    account = str(scene.account.pk)
    with web() as portal, web("benchmarks.hooks.bare:application", BARE_ACCOUNT=account) as least:
        for turn in range(TURNS):
            for sent, port in ((ours, portal.port), (bare, least.port)):
                requests = [scene.request(10_561_661) for _ in range(int(RATE * TURN))]
                told = open_loop(port, requests, RATE)
                sent.refused += told.refused
                if turn or TURNS == 1:  # the first turn warms both up
                    sent.seconds += told.seconds
    yield Figure("hooks_p50_at_200_a_second_ms", ours.at(0.5), 5.0)
    yield Figure("hooks_p99_at_200_a_second_ms", ours.at(0.99), 10.0)
    yield Figure("hooks_p99_per_bare_insert_p99", ours.at(0.99) / bare.at(0.99), 2.0)
    yield Figure("hooks_refused_at_200_a_second", ours.refused, 0.0)
