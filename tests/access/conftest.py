"""Two teams with everything in them, made once for a file; each test has them as they were made."""

import copy
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from tests.access.world import World, make_world, refresh
from tests.rollback import rolled_back

NOWHERE = "http://127.0.0.1:1/api/v1"


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), rolled_back():
        yield make_world()


@pytest.fixture
def world(made: World, django_db_blocker: DjangoDbBlocker, settings: Settings) -> Iterator[World]:
    settings.PROVIDER_BASE_URLS = {"smsgig": NOWHERE, "smsvilla": NOWHERE}
    with django_db_blocker.unblock(), rolled_back():
        refresh(made)
        yield copy.deepcopy(made)
