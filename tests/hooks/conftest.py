"""A web server for each module's tests, started by its own command line alone."""

from collections.abc import Iterator

import httpx
import pytest

from tests import processes
from tests.hooks.serving import Web, serve
from tests.trust import TRUST


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """Shared by a module; each test's database replaces the one before beneath it."""
    with serve(processes.environment()) as web:
        yield web


@pytest.fixture
def client(web: Web, fresh_database: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=web.base, timeout=10, verify=TRUST) as client:
        yield client
