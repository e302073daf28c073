"""A hundred lives of every kind; `make simulate` plays 10,000 of them."""

import os
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests import databases
from tests.simulation.runs import play
from tests.simulation.scenario import draw
from tests.simulation.world import World, running_world

LIVES = int(os.environ.get("LIVES", "100"))
TOGETHER = 20


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Lives commit; afterwards the database is a new one."""
    with django_db_blocker.unblock(), running_world() as world:
        yield world
        databases.renew()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, LIVES, TOGETHER))
def test_lives_end_at_the_providers_truth(world: World, first: int) -> None:
    for seed in range(first, min(first + TOGETHER, LIVES)):
        result = play(world, draw(seed))
        assert not result.broken, str(result)
