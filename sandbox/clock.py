"""The sandbox's clock: the machine's time, which a test can replace or push forward."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Milliseconds since 1970, never going back by more than its source does."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        """`source` gives seconds since 1970; `lambda: 1_770_000_000` stands still."""
        self._source = source
        self.offset_ms = 0

    def now_ms(self) -> int:
        return int(self._source() * 1000) + self.offset_ms

    def push(self, seconds: float) -> None:
        """Move forward by `seconds` (more than 0); `ValueError` otherwise."""
        if not seconds > 0:
            raise ValueError("The clock can only be moved forward.")
        self.offset_ms += int(seconds * 1000)


def as_datetime(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
