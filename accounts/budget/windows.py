"""The requests that still count against a rolling minute and a rolling day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from accounts.budget.shares import Share
from accounts.states import Lane

MINUTE: Final = 60
DAY: Final = 86_400
# A provider counts a request when it arrives, we when it is reserved, and a poll may be under way
# for so many seconds. Two that are reserved a minute apart can arrive closer together than that.
UNDER_WAY: Final = 5
STEP: Final = 5  # seconds in which the coming minute is looked at
COUNTS_FOR: Final = MINUTE + UNDER_WAY  # seconds, in the minute's window
HORIZON: Final = COUNTS_FOR + STEP  # seconds until all that counts now is out of it


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

    def room_beside(self, limit: int, errands: Callable[[float], int], now: float) -> int:
        """How many requests may be made now, so that those to come find room in the minute.

        `errands(seconds)`: how many others will have come after so many seconds. Until the
        minute is over, what is counted now goes on counting until it leaves the window.
        """
        moments = range(0, HORIZON, STEP)
        return min(
            limit - _total(_counting(self.minute, now + after)) - errands(after + STEP)
            for after in moments
        )

    def day_left(self, share: Share, lane: Lane, at: float) -> tuple[int, int]:
        """How many of a day's requests may be spent until then: by all lanes, and by this one.

        What still counts then is gone; the rest will have come free.
        """
        counting = list(_counting(self.day, at))
        own = sum(each.count for each in counting if each.lane == lane)
        return (share.day or 0) - _total(counting), (share.own_day or share.day or 0) - own

    def _bounds(self, share: Share, lane: Lane) -> list[tuple[int, tuple[Spent, ...]]]:
        own = tuple(spent for spent in self.day if spent.lane == lane)
        bounds = [(share.minute, self.minute), (share.day, self.day), (share.own_day, own)]
        return [(bound, spent) for bound, spent in bounds if bound is not None]


def _total(spent: Iterable[Spent]) -> int:
    return sum(each.count for each in spent)


def _counting(spent: Iterable[Spent], at: float) -> Iterable[Spent]:
    return (each for each in spent if each.until > at)


def _wait(spent: tuple[Spent, ...], bound: int, now: float) -> float:
    too_many = _total(spent) + 1 - bound
    if too_many <= 0:
        return 0.0
    for each in sorted(spent, key=lambda each: each.until):
        too_many -= each.count
        if too_many <= 0:
            return max(0.0, each.until - now)
    return float(DAY)  # a bound below one
