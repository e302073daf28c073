"""The time of a simulated life: ours and the provider's, and nobody else's."""

from datetime import UTC, datetime
from typing import Final

from tests.rentals.times import Times

TICK: Final = 0.001  # seconds, so that no two of our moments are the same


class Clock(Times):
    """Stands still but for a tick whenever our side looks; the provider may look as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0.0

    def set(self, at: datetime) -> None:
        self._at = at.timestamp()

    def seconds(self) -> float:
        return self._at

    def now(self) -> datetime:
        self._at += TICK
        return datetime.fromtimestamp(self._at, tz=UTC)

    def move(self, seconds: float) -> datetime:
        """Let so many seconds pass, with what falls due at the provider; gives the new time."""
        self._at += seconds
        self.on_move()
        return self.now()
