"""The requests that still count against a rolling minute and a rolling day."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from accounts.budget.shares import Share
from accounts.states import Lane

MINUTE: Final = 60
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Spent:
    """`count` requests of a lane that count until the Unix time `until`."""

    until: float
    lane: str
    count: int


@dataclass(frozen=True, slots=True)
class Windows:
    """What counts now, in each of the two windows."""

    minute: tuple[Spent, ...] = ()
    day: tuple[Spent, ...] = ()

    def room(self, share: Share, lane: Lane) -> int | None:
        """How many more requests the share allows; None is without bound."""
        rooms = [bound - _total(spent) for bound, spent in self._bounds(share, lane)]
        return max(0, min(rooms)) if rooms else None

    def wait(self, share: Share, lane: Lane, now: float) -> float:
        """Seconds until the share allows one more request; 0 where it does."""
        waits = (_wait(spent, bound, now) for bound, spent in self._bounds(share, lane))
        return max(waits, default=0.0)

    def _bounds(self, share: Share, lane: Lane) -> list[tuple[int, tuple[Spent, ...]]]:
        own = tuple(spent for spent in self.day if spent.lane == lane)
        bounds = [(share.minute, self.minute), (share.day, self.day), (share.own_day, own)]
        return [(bound, spent) for bound, spent in bounds if bound is not None]


def _total(spent: Iterable[Spent]) -> int:
    return sum(each.count for each in spent)


def _wait(spent: tuple[Spent, ...], bound: int, now: float) -> float:
    too_many = _total(spent) + 1 - bound
    if too_many <= 0:
        return 0.0
    for each in sorted(spent, key=lambda each: each.until):
        too_many -= each.count
        if too_many <= 0:
            return max(0.0, each.until - now)
    return float(DAY)  # a bound below one
