"""A clock for us and the sandbox: the machine's, which a test moves forward."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Times:
    def __init__(self) -> None:
        self._moved = 0.0
        self._stopped_at: float | None = None
        self.on_move: Callable[[], object] = lambda: None

    def seconds(self) -> float:
        return (self._stopped_at or time.time()) + self._moved

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), tz=UTC)

    def move(self, seconds: float) -> datetime:
        """Let so many seconds pass, with what falls due at the provider; gives the new time."""
        self._moved += seconds
        self.on_move()
        return self.now()

    def stop(self) -> None:
        """From now on it goes by `move` alone, however long a busy machine takes."""
        self._stopped_at = time.time()

    def reset(self) -> None:
        self._moved, self._stopped_at = 0.0, None
