"""Waiting for a server to answer, as long as it lives and no longer than is sensible."""

import time
from collections.abc import Callable

from smsportal.embedded.errors import StartError

PATIENCE = 60.0
PAUSE = 0.02


def wait(
    what: str, answers: Callable[[], bool], alive: Callable[[], bool], seconds: float = PATIENCE
) -> None:
    """Return once `answers()`; raise StartError when not `alive()` or after `seconds`."""
    deadline = time.monotonic() + seconds
    while not answers():
        if not alive():
            raise StartError(f"{what} stopped while starting: its last lines say why.")
        if time.monotonic() > deadline:
            raise StartError(f"{what} did not answer within {seconds:.0f} seconds.")
        time.sleep(PAUSE)
