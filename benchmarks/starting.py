"""How long `make run` takes to a page that answers: on no data, and on data that is there."""

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.portal import empty_data, portal


def measure() -> Iterator[Figure]:
    with empty_data() as data:
        yield Figure("first_start_seconds", _start(data), 12.0)
        yield Figure("second_start_seconds", _start(data), 6.0)


def _start(data: Path) -> float:
    """Seconds until the portal says that it is ready, which it does once a page has answered."""
    started = time.monotonic()
    with portal(data):
        return time.monotonic() - started
