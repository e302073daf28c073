"""Both providers over real HTTP, and a keyring that a test may change."""

import base64
from collections.abc import Callable, Iterator

import pytest
from pytest_django.fixtures import Settings

from accounts import dependents
from accounts.models import Membership, ProviderAccount
from accounts.states import Role
from sandbox.core import Sandbox
from sandbox.testing import running
from tests.accounts.making import make_member, make_team
from tests.accounts.wallets import Known, add

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
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    dependent = Known()
    monkeypatch.setattr(dependents, "_dependents", [dependent])
    return dependent


@pytest.fixture
def admin(db: None) -> Membership:
    return make_member(make_team(), Role.ADMIN)


@pytest.fixture(params=["smsgig", "smsvilla"])
def account(
    request: pytest.FixtureRequest, admin: Membership, sandbox: Sandbox, known: Known
) -> Iterator[ProviderAccount]:
    yield add(admin, sandbox.key(request.param), provider=request.param)


@pytest.fixture
def use_keys(settings: Settings) -> Keyrings:
    """Set the keyring to keys with these ids; the same id is always the same key."""

    def use(*ids: str) -> None:
        settings.KEYRING = "\n".join(f"{id_}:{_key(id_)}" for id_ in ids)

    return use


def _key(identifier: str) -> str:
    return base64.b64encode(identifier.encode().ljust(32, b"-")).decode()
