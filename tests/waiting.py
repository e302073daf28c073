"""Waiting for a condition with a deadline, which is what tests do in place of sleeping."""

import threading
import time
from collections.abc import Callable

PAUSE = 0.02
SECONDS = 20.0


def until[T](found: Callable[[], T], what: str, seconds: float = SECONDS) -> T:
    """Return the first truthy value of `found()`; fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := found()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        pause.wait(PAUSE)
    return value
