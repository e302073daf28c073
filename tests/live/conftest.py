"""A web server for each module's streams, and announcements that arrive."""

from collections.abc import Iterator

import pytest
import redis

from accounts import announcements
from tests import processes
from tests.hooks.serving import Web, serve
from tests.waiting import until


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    """Shared by a module; each test's database replaces the one before beneath it."""
    with serve(processes.environment()) as web:
        yield web


@pytest.fixture
def web(server: Web, fresh_database: str, valkey: redis.Redis) -> Web:
    """The same, once it hears what is announced."""
    until(lambda: valkey.publish(announcements.address("anyone"), ""), "it listens")
    return server


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no announcement of the tests' own be lost because the machine is busy."""
    monkeypatch.setattr(announcements, "PATIENCE", 10.0)
    announcements._client.cache_clear()
    yield
    announcements._client.cache_clear()
