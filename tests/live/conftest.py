from collections.abc import Iterator

import pytest

from tests import processes
from tests.hooks.serving import Web, serve


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    """Shared by a module; each test's database replaces the one before beneath it."""
    with serve(processes.environment()) as web:
        yield web


@pytest.fixture
def web(server: Web, fresh_database: str) -> Web:
    return server
