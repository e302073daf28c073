"""How fast to ask a provider that names no limit: gently up, and half as fast after a 429.

And how fast we can: looks that are planned closer than they can be taken are all late.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

START: Final = 30.0  # requests a second: a hundred rentals at the documents' pace
LEAST: Final = 0.2
MOST: Final = 400.0  # more than one worker sends
DOUBLES_IN: Final = 60.0  # seconds, until the provider first says no
REGAINS_IN: Final = 600.0  # seconds from half of what was too fast, to all of it

LATE: Final = 1.5  # seconds overdue, where we don't keep up: a tick comes each second
MAY_BE_LATE: Final = 0.05  # of a turn's polls
BUSY: Final = 0.7  # of what a late turn got done in its time, so that the others catch up
TELLING: Final = 20  # polls, from which a turn tells how much we get done
BOLDER: Final = 1.02  # a turn, while we keep up


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


@dataclass(frozen=True, slots=True)
class Effort:
    """The polls a second that we plan, as we keep up with them."""

    rate: float = MOST

    def after(self, overdue: Sequence[float], took: float) -> "Effort":
        """After a turn that took so many seconds; `overdue`: those of each of its polls."""
        late = sum(1 for each in overdue if each > LATE)
        if late <= MAY_BE_LATE * len(overdue):
            return Effort(min(MOST, self.rate * BOLDER))
        if len(overdue) < TELLING:
            return self
        managed = BUSY * len(overdue) / took
        return Effort(max(LEAST, min(self.rate, max(managed, self.rate / 2))))
