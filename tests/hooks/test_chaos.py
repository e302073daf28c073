"""A short round of `make chaos`: no webhook that was answered with 200 is lost by any death."""

import pytest

from tests import processes

pytestmark = pytest.mark.processes


@pytest.mark.timeout(600)
def test_no_acknowledged_webhook_is_lost() -> None:
    words = ["-m", "tests.chaos", "hooks", "--seed", "1", "--rounds", "4"]
    with processes.python(*words, environment=processes.environment(), name="chaos") as chaos:
        assert chaos.wait(580) == 0, chaos.output()
        assert " lost=0" in chaos.output(), chaos.output()
