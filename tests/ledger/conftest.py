"""The ledger beside rentals of a sandbox: the fixtures of the rentals' own tests."""

import pytest

from tests.ledger.watching import Watch, watch
from tests.rentals.conftest import committed, each, sandbox, scene, shared_sandbox, times
from tests.rentals.scene import SetScene

__all__ = ["committed", "each", "sandbox", "scene", "shared_sandbox", "times"]


@pytest.fixture
def villa(scene: SetScene) -> Watch:
    """A wallet without a statement; its service costs 500."""
    return watch(scene("smsvilla"), price=500)


@pytest.fixture
def gig(scene: SetScene) -> Watch:
    """A wallet with a statement."""
    return watch(scene("smsgig"))
