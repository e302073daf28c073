"""One booking at a time, beside the least that could keep it, and beside django-hordak.

All three write to the same server, equally safe, and take turns.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import psycopg

from benchmarks.figures import Figure
from benchmarks.ground import ground
from benchmarks.posting.lines import Worker
from benchmarks.posting.scene import make_wallet, post_one
from smsportal.embedded import addresses

TURNS = 25
BOOKINGS = 50  # a turn
HORDAK_BOOKINGS = 20
HORDAK = addresses.ROOT / "benchmarks/posting/hordak_transfers.py"

type Turn = Callable[[int], float]


def measure() -> Iterator[Figure]:
    wallet_id = make_wallet().pk
    with raw_commits(wallet_id) as raw, hordak_transfers() as hordak:
        ours = bookings(wallet_id)
        others = {"raw": (raw, BOOKINGS)}
        if hordak is not None:
            others["hordak"] = (hordak, HORDAK_BOOKINGS)
        ratios = taking_turns(ours, others)
    yield Figure("posts_per_raw_commit", ratios["raw"], 0.45, at_least=True)
    # 0 where django-hordak can't be had: uv has said why.
    yield Figure("posts_per_hordak_transfer", ratios.get("hordak", 0.0), 3.0, at_least=True)


def taking_turns(ours: Turn, others: dict[str, tuple[Turn, int]]) -> dict[str, float]:
    """How many of ours are done in the time of one of each other's: the medians of all turns."""
    for turn in [ours, *[other for other, _ in others.values()]]:
        turn(BOOKINGS)  # warms up
    ratios: dict[str, list[float]] = {name: [] for name in others}
    for _ in range(TURNS):
        one = ours(BOOKINGS) / BOOKINGS
        for name, (other, count) in others.items():
            ratios[name].append(other(count) / count / one)
    return {name: median(values) for name, values in ratios.items()}


def bookings(wallet_id: int) -> Turn:
    booked = 0

    def turn(count: int) -> float:
        nonlocal booked
        started = perf_counter()
        for number in range(booked, booked + count):
            post_one(wallet_id, f"one-{number}")
        booked += count
        return perf_counter() - started

    return turn


@contextmanager
def raw_commits(wallet_id: int) -> Iterator[Turn]:
    """A row of the same columns in a table with a primary key and nothing else, a commit each."""
    with psycopg.connect(ground().environment["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE plain AS SELECT * FROM ledger_transfer WHERE false")
        connection.execute("ALTER TABLE plain ADD PRIMARY KEY (id)")
        connection.execute("ALTER TABLE plain ALTER id ADD GENERATED ALWAYS AS IDENTITY")
        post_one(wallet_id, "as an example")
        example = connection.execute("SELECT * FROM ledger_transfer ORDER BY id DESC LIMIT 1")
        names = [column.name for column in example.description or ()][1:]
        values = (example.fetchone() or ())[1:]
        connection.commit()
        places = ", ".join(["%s"] * len(names))
        insert = f"INSERT INTO plain ({', '.join(names)}) VALUES ({places})"  # noqa: S608

        def turn(count: int) -> float:
            started = perf_counter()
            for _ in range(count):
                connection.execute(insert, values, prepare=True)
                connection.commit()
            return perf_counter() - started

        yield turn


@contextmanager
def hordak_transfers() -> Iterator[Turn | None]:
    """django-hordak in a process and a database of its own; None where it can't be had."""
    name = "hordak"
    with psycopg.connect(ground().environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    words = [name, addresses.ROLE, str(addresses.sockets(ground().data))]
    with subprocess.Popen(
        [*_uv(), "python", "-W", "ignore", str(HORDAK), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=addresses.ROOT,
    ) as process:
        worker = Worker(process)

        def turn(count: int) -> float:
            worker.ask(count)
            return float(worker.answer())

        yield turn if worker.ready else None
        worker.to.close()


def _uv() -> list[str]:
    """As the Makefile finds it, with what pyproject.toml names for benchmarks and nothing else."""
    own = addresses.ROOT / ".tools/bin/uv"
    uv = str(own) if own.exists() else "uv"
    return [uv, "run", "--quiet", "--locked", "--isolated", "--only-group", "benchmarks"]
