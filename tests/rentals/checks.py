"""What tests of renting ask again and again."""

import threading
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import psycopg
from django.db import connections

from rentals import operations
from rentals.models import Rental
from rentals.states import MOVES
from rentals.states import RentalState as S
from tests import databases
from tests.rentals.scene import Scene, states, swept
from tests.waiting import until

NOTHING = Decimal(0)


def money(rental: Rental) -> tuple[Decimal, Decimal | None]:
    return rental.held, rental.charged


def assert_refused(rental: Rental) -> None:
    assert rental.state == S.REFUSED
    assert money(rental) == (NOTHING, None)


def assert_in_doubt(scene: Scene, rental: Rental, *, charged: bool) -> None:
    assert rental.state == S.IN_DOUBT
    assert money(rental) == (rental.price, None)
    assert states(rental) == [S.REQUESTED, S.IN_DOUBT]
    assert scene.asked("/rent") == 1
    assert scene.spent == (rental.price if charged else 0)


def assert_never_repeated(scene: Scene, rental: Rental) -> None:
    """Neither a repeated message nor any later sweep sends a second request."""
    before = (rental.state, states(rental))
    for seconds in (1, 60, 600):
        scene.times.move(seconds)
        operations.send_rent(rental.pk)
        for work in swept(scene.times):
            assert work[0] != "rentals.send_rent"
        assert Rental.objects.filter(pk=rental.pk, state=before[0]).exists()
    assert states(rental) == before[1]
    assert scene.asked("/rent") == 1


def assert_moves(rental: Rental) -> None:
    """Every state that it went through has its event, and every move was an allowed one."""
    events = sorted(rental.events.all(), key=lambda event: event.pk)
    assert events[0].from_state == ""
    for before, event in pairwise(events):
        assert event.from_state == before.to_state
        moved = event.from_state != event.to_state
        assert not moved or event.to_state in MOVES[S(event.from_state)]
    assert events[-1].to_state == rental.state


def alone(do: Callable[..., Any], *args: Any) -> Any:
    """Do something in a thread, with its own database connection."""
    try:
        return do(*args)
    finally:
        connections.close_all()


class Held:
    """A provider that has charged and lets its answer go when it is told to."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def answering(self, rental: Rental) -> "Held":
        self.scene.fault("late-answer", seconds=1)
        self.thread = threading.Thread(target=lambda: alone(operations.send_rent, rental.pk))
        return self

    def __enter__(self) -> None:
        self.thread.start()
        until(lambda: self.scene.asked("/rent"), "the rent is asked for")
        until(lambda: self.scene.activations(), "the rent is charged")

    def __exit__(self, *_: object) -> None:
        self.thread.join()
        self.scene.no_faults()


def end_all_connections() -> None:
    """As a restart of the database does."""
    with psycopg.connect(databases.url(), autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
