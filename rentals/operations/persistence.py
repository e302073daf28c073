"""Writing down what must not be lost, while the database restarts."""

import time
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, connection

log = structlog.get_logger(__name__)

PATIENCE = 600.0  # seconds
PAUSE = 0.5


def persist[T](write: Callable[[], T]) -> T:
    """Call `write` until the database takes it; raises what it raised after ten minutes.

    `write` must be safe to repeat: a connection that breaks at COMMIT leaves open whether it
    was done.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            log.warning("database_away", waiting=True)
            connection.close()
            time.sleep(PAUSE)
