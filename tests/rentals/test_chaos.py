"""A short round of `make chaos`: rentals outlive the processes and servers that carry them out."""

import pytest

from tests import processes

pytestmark = pytest.mark.processes


@pytest.mark.timeout(600)
def test_no_rental_code_or_cent_is_lost() -> None:
    words = ["-m", "tests.chaos", "short", "--seed", "1", "--seconds", "2"]
    with processes.python(*words, environment=processes.environment(), name="short") as chaos:
        assert chaos.wait(580) == 0, chaos.output()
        assert " lost=0" in chaos.output(), chaos.output()
