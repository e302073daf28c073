"""Accepted webhooks a second against what PostgreSQL takes from a program in C."""

from collections.abc import Iterator
from statistics import median

from benchmarks.figures import Figure
from benchmarks.ground import web
from benchmarks.hooks.pgbench import commits_a_second
from benchmarks.hooks.scene import Scene, make_scene
from benchmarks.hooks.sending import Sent, closed_loop

CLIENTS = 32
TURN = 4.0  # seconds
TURNS = 4
MOST = 24_000  # requests made beforehand for a second


def measure() -> Iterator[Figure]:
    scene = make_scene()
    ratios, bounds, rates, costs = [], [], [], []
    with web() as server, web("benchmarks.hooks.bare:application") as least:
        for port in (server.port, least.port):
            accepted(scene, port, 1.0)
        for _ in range(TURNS):
            before = server.cpu
            ours = accepted(scene, server.port, TURN)
            costs.append((server.cpu - before) / ours.accepted)
            rates.append(ours.accepted / ours.lasted)
            bare = accepted(scene, least.port, TURN)
            commits = commits_a_second(scene.account.pk, TURN, CLIENTS)
            ratios.append(rates[-1] / commits)
            bounds.append(bare.accepted / bare.lasted / commits)
    yield Figure("hooks_accepted_a_second", median(rates), 3000.0, at_least=True)
    yield Figure("hooks_accepted_per_pgbench_commit", median(ratios), 0.7, at_least=True)
    yield Figure("hooks_bare_answers_per_pgbench_commit", median(bounds), 0.7, at_least=True)
    yield Figure("hooks_accepted_processor_us", 1e6 * median(costs), 230.0)


def accepted(scene: Scene, port: int, seconds: float) -> Sent:
    requests = [scene.request(10_561_661) for _ in range(int(MOST * seconds))]
    sent = closed_loop(port, requests, CLIENTS, seconds)
    if sent.refused:
        raise RuntimeError(f"{sent.refused} webhooks were refused")
    return sent
