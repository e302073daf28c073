"""How fast to ask a provider that names no limit: gently up, and half as fast after a 429."""

from dataclasses import dataclass, replace
from typing import Final

START: Final = 30.0  # requests a second: a hundred rentals at the documents' pace
LEAST: Final = 0.2
MOST: Final = 400.0  # more than one worker sends
DOUBLES_IN: Final = 60.0  # seconds, until the provider first says no
REGAINS_IN: Final = 600.0  # seconds from half of what was too fast, to all of it


@dataclass(frozen=True, slots=True)
class Patience:
    """The rate in requests a second, and the one at which the provider last said no."""

    rate: float = START
    ceiling: float | None = None

    def grown(self, seconds: float) -> "Patience":
        """After so long without a refusal: the same step each second, once there was one."""
        if self.ceiling is None:
            faster = self.rate * 2.0 ** (min(seconds, 600.0) / DOUBLES_IN)
        else:
            faster = self.rate + self.ceiling / 2 * seconds / REGAINS_IN
        return replace(self, rate=min(MOST, faster))

    def refused(self) -> "Patience":
        """After a 429."""
        return Patience(rate=max(LEAST, self.rate / 2), ceiling=self.rate)
