"""The sandbox's clock: the machine's time, which a test can replace or push forward."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

_YEAR = 366 * 24 * 3600


class Clock:
    """Milliseconds since 1970, never going back by more than its source does."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        """`source` gives seconds since 1970; `lambda: 1_770_000_000` stands still."""
        self._source = source
        self.offset_ms = 0

    def now_ms(self) -> int:
        return int(self._source() * 1000) + self.offset_ms

    def push(self, seconds: float) -> None:
        """Move forward by `seconds`, more than 0 and at most a year; `ValueError` otherwise."""
        if not 0 < seconds <= _YEAR:
            raise ValueError("The clock can be moved forward only, by a year at most.")
        self.offset_ms += int(seconds * 1000)


def as_datetime(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
