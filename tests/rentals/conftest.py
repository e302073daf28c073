"""Rentals against a sandbox, committed for real.

The tests of a module share one database: each makes a team, an account and a wallet of its own,
and what it leaves is put to rest afterwards, so that no sweep finds it. They share one sandbox,
too, which sells what it did at first, and without faults, to each.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from rentals.models import InboxEntry, Rental
from rentals.states import RentalState
from sandbox import testing
from sandbox.clock import Clock
from sandbox.core import Sandbox
from tests import databases
from tests.rentals.scene import Scene, SetScene, set_scene
from tests.rentals.times import Times

_times = Times()
_keys = itertools.count(1)


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    with testing.running(clock=Clock(_times.seconds)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database for the module's tests, which commit."""
    with django_db_blocker.unblock():
        yield
        databases.renew()


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch, shared_sandbox: Sandbox) -> Iterator[Times]:
    """Our clock and the provider's, which go together and can be moved forward."""
    monkeypatch.setattr(timezone, "now", _times.now)
    _times.on_move = shared_sandbox.settle
    yield _times
    _times.reset()


@pytest.fixture
def sandbox(
    committed: None, times: Times, shared_sandbox: Sandbox, settings: Settings
) -> Iterator[Sandbox]:
    settings.PROVIDER_BASE_URLS = {
        "smsgig": shared_sandbox.smsgig_url,
        "smsvilla": shared_sandbox.smsvilla_url,
    }
    yield shared_sandbox
    shared_sandbox.reset()
    put_to_rest()


@pytest.fixture
def scene(sandbox: Sandbox, times: Times) -> SetScene:
    """`scene("smsgig")`: a member, an offer, an account, and the wallet behind it."""

    def make(provider: str = "smsgig", **options: Any) -> Scene:
        return set_scene(sandbox, times, provider, number=next(_keys), **options)

    return make


@pytest.fixture(params=["smsgig", "smsvilla"])
def each(request: pytest.FixtureRequest, scene: SetScene) -> Scene:
    """A scene at each of the two providers."""
    return scene(request.param)


def put_to_rest() -> None:
    Rental.objects.all().update(
        state=RentalState.FINISHED, held=0, next_poll_at=None, control_at=None
    )
    InboxEntry.objects.filter(applied_at__isnull=True).update(applied_at=timezone.now())
