"""Both providers over real HTTP, and a keyring that a test may change."""

import base64
from collections.abc import Callable, Iterator

import pytest
from pytest_django.fixtures import Settings

from sandbox.core import Sandbox
from sandbox.testing import running

type Keyrings = Callable[..., None]


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    """Where the installation's provider addresses lead."""
    with running() as server:
        settings.PROVIDER_BASE_URLS = {
            "smsgig": server.smsgig_url,
            "smsvilla": server.smsvilla_url,
        }
        yield server


@pytest.fixture
def use_keys(settings: Settings) -> Keyrings:
    """Set the keyring to keys with these ids; the same id is always the same key."""

    def use(*ids: str) -> None:
        settings.KEYRING = "\n".join(f"{id_}:{_key(id_)}" for id_ in ids)

    return use


def _key(identifier: str) -> str:
    return base64.b64encode(identifier.encode().ljust(32, b"-")).decode()
