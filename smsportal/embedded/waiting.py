"""Waiting for something outside this process, with a deadline."""

import time
from collections.abc import Callable

from smsportal.embedded.errors import StartError

PATIENCE = 60.0
PAUSE = 0.02


def within(seconds: float, condition: Callable[[], object]) -> bool:
    """Whether the condition comes true in time; returns as soon as it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True


def wait_for_server(name: str, answers: Callable[[], bool], alive: Callable[[], bool]) -> None:
    """Return once `answers()`; raise StartError when not `alive()` or after a minute."""
    ended_or_answers = within(PATIENCE, lambda: not alive() or answers())
    if not ended_or_answers:
        raise StartError(f"{name} did not answer within {PATIENCE:.0f} seconds.")
    if not alive():
        raise StartError(f"{name} stopped while starting: its last lines say why.")
