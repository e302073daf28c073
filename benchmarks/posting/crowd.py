"""Eight processes that book in one wallet, beside one that does: all wait for the same balances."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from time import perf_counter

from benchmarks.figures import Figure
from benchmarks.ground import ground
from benchmarks.posting.lines import Worker
from benchmarks.posting.scene import make_wallet
from ledger.book import proof
from smsportal.embedded import addresses

WRITERS = 8
TURNS = 7  # the first warms up
BOOKINGS = 400  # a turn, by however many writers


def measure() -> Iterator[Figure]:
    wallet_id = make_wallet().pk
    with ExitStack() as stack:
        writers = [
            Worker(stack.enter_context(_start(wallet_id, number))) for number in range(WRITERS)
        ]
        if not all(writer.ready for writer in writers):
            raise RuntimeError("a writer has not started")
        ratios = [_seconds(writers[:1]) / _seconds(writers) for _ in range(TURNS)]
        failed = sum(_failed(writer) for writer in writers)
        for writer in writers:
            writer.to.close()
    yield Figure("posts_of_8_writers_per_1", median(ratios[1:]), 0.7, at_least=True)
    yield Figure("posts_of_8_writers_failed", failed, 0.0)
    yield Figure("posts_of_8_writers_drifted_balances", len(proof.prove()), 0.0)


def _seconds(writers: list[Worker]) -> float:
    """How long it takes these to book their shares of a turn, all at once."""
    started = perf_counter()
    for writer in writers:
        writer.ask(BOOKINGS // len(writers))
    for writer in writers:
        writer.answer()
    return perf_counter() - started


def _failed(writer: Worker) -> int:
    writer.ask(0)
    return int(writer.answer())


def _start(wallet_id: int, number: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.posting.writer", str(wallet_id), str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=addresses.ROOT,
        env=ground().environment,
    )
