"""What every test can count on: real PostgreSQL and Valkey, each worker with its own part.

* `@pytest.mark.django_db`: inside a transaction that is rolled back.
* `@pytest.mark.django_db(transaction=True)`: commits for real; the database is renewed afterwards.
* `fresh_database`: the same, and gives the address to hand to other processes (tests/processes.py).
"""

from collections.abc import Iterator

import pytest
import redis
from django.db import connections
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker
from xdist.remote import Producer

from smsportal.embedded.servers import Servers
from tests import databases, slots
from tests.order import LongestFirst, longest_first
from tests.second_try import pytest_runtest_makereport, pytest_runtest_teardown

__all__ = ["pytest_runtest_makereport", "pytest_runtest_teardown"]

_servers: Servers | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers, once for all the workers of a run."""
    global _servers
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        _servers = Servers(slots.data(), disposable=True)
        _servers.__enter__()


def pytest_unconfigure() -> None:
    if _servers is not None:
        _servers.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; let a test that drives a browser or other processes try again.

    Such tests wait for what a whole machine does; one that is busy elsewhere for half a minute is
    no defect of ours. Tests of a single process get no second try.
    """
    longest_first(items)
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("processes"):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LongestFirst | None:
    """Hand the files out in our order."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return LongestFirst(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> None:
    """Take the place of pytest-django's own: clone the template."""
    with django_db_blocker.unblock():
        databases.renew()
    TransactionTestCase._fixture_teardown = lambda _: databases.renew()  # type: ignore[attr-defined]


@pytest.fixture
def fresh_database(transactional_db: None) -> str:
    """The address of a migrated, otherwise empty database that other processes may use too.

    A connection that an earlier test left, and whose end of it is gone, is not used again.
    """
    connections.close_all()
    return databases.url()


@pytest.fixture(autouse=True)
def valkey() -> Iterator[redis.Redis]:
    """This worker's own number of the test Valkey, empty."""
    from smsportal.embedded import addresses

    with redis.Redis.from_url(addresses.redis_url(slots.data(), slots.worker())) as client:
        client.flushdb()
        yield client
