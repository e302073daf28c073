"""Moments at which a process can be killed: it has just come so far, and goes no further.

Each is a context that gives a function to wait by, which says whether the moment came. What stood
still goes on when the context ends.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import LiteralString

import psycopg

from benchmarks.ground import ground
from smsportal.embedded.waiting import within
from tests.chaos.stage import Stage
from tests.chaos.wire import Wanted

PATIENCE = 45.0  # seconds until a moment comes
WAITING: LiteralString = """
    SELECT count(*) FROM pg_locks
    WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""
RENTALS: LiteralString = "LOCK TABLE rentals_rental IN SHARE MODE"
ANSWERS: LiteralString = "LOCK TABLE rentals_provideranswer IN SHARE MODE"
COUNTS: LiteralString = "LOCK TABLE accounts_requestcount IN SHARE MODE"
INBOX: LiteralString = "LOCK TABLE rentals_inboxentry IN SHARE MODE"
ROW: LiteralString = "SELECT FROM rentals_rental WHERE carrier = %s FOR NO KEY UPDATE"

type Reached = Callable[[], bool]
type Moment = AbstractContextManager[Reached]


@contextmanager
def locked(lock: LiteralString, *values: str) -> Iterator[Reached]:
    """Somebody waits in PostgreSQL for what we have locked."""
    with _connected() as ours:
        ours.execute(lock, values)
        yield lambda: _somebody_waits(ours)


@contextmanager
def on_the_wire(
    stage: Stage, wanted: Wanted, *, answered: bool = False, swallow: bool = False
) -> Iterator[Reached]:
    """A request stands still before the provider has it, or its answer before we have that."""
    with stage.wire.held(wanted, answered=answered, swallow=swallow) as hold:
        yield lambda: hold.reached.wait(PATIENCE)


@contextmanager
def at_the_answer(
    stage: Stage, wanted: Wanted, lock: LiteralString, *values: str
) -> Iterator[Reached]:
    """An answer has come, and whoever asked waits in PostgreSQL to make something of it."""
    with stage.wire.held(wanted, answered=True) as hold, _connected() as ours:

        def reached() -> bool:
            if not hold.reached.wait(PATIENCE):
                return False
            ours.execute(lock, values)
            hold.released.set()
            return _somebody_waits(ours)

        yield reached


@contextmanager
def as_soon_as(condition: Callable[[], object]) -> Iterator[Reached]:
    """Something can be seen; nothing is kept from going on."""
    yield lambda: within(PATIENCE, condition)


def _connected() -> psycopg.Connection:
    return psycopg.connect(ground().environment["DATABASE_URL"])


def _somebody_waits(ours: psycopg.Connection) -> bool:
    def waits() -> bool:
        row = ours.execute(WAITING).fetchone()
        return bool(row and row[0])

    return within(PATIENCE, waits)
