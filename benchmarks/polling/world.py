"""A provider with SMS Villa's limits, people who rent from it, and a clock that jumps."""

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from rentals.pacing.curves import MEDIAN, P95, SHARE

LEAD: Final = 25.0  # seconds before its end an empty rental is cancelled, as by the sweep
HOUR: Final = 3600.0
DAY: Final = 86_400.0
THINKING: Final = 1.0  # seconds from a code to the next rental
GIVE_UP: Final = 120.0  # a rent that could not be sent for so long
RAMP: Final = 120.0  # seconds over which the first rentals are asked for


@dataclass(frozen=True)
class Arrivals:
    """When codes come: lognormal, for a share of rentals."""

    median: float = MEDIAN
    p95: float = P95
    share: float = SHARE

    def draw(self, dice: random.Random) -> float:
        """Seconds after the start; infinite where none comes."""
        sigma = math.log(self.p95 / self.median) / 1.6448536
        delay = self.median * math.exp(dice.gauss(0, sigma))
        return delay if dice.random() < self.share else math.inf


class Clock:
    """Things to do, in the order of their times."""

    def __init__(self) -> None:
        self.now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, time: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (max(time, self.now), next(self._order), do))

    def run(self) -> None:
        while self._agenda:
            self.now, _, do = heapq.heappop(self._agenda)
            do()


@dataclass(slots=True, eq=False)
class Line:
    """One rental, from the wish to the end, with what only the provider knows of it."""

    key: int
    ttl: float
    arrives_after: float
    hooked: bool  # a webhook tells of its code
    wished: float
    slot: int = 0
    started: float = math.inf
    polls: int = 0
    seen: float = math.inf  # when we knew the code
    cancelled: float = math.inf  # when the provider cancelled it
    over: bool = False
    refill: Callable[[], None] | None = None

    @property
    def arrives(self) -> float:
        return self.started + self.arrives_after

    @property
    def ends(self) -> float:
        """When the provider takes no SMS for it any more."""
        return min(self.started + self.ttl, self.cancelled)

    @property
    def got_code(self) -> bool:
        """Whether the provider had a code for it."""
        return self.arrives < self.ends


class Limiter:
    """The provider's own count: rolling windows by arrival; what it refuses does not count."""

    def __init__(self, per_minute: int, per_day: int) -> None:
        self._bounds = ((60.0, per_minute, deque[float]()), (DAY, per_day, deque[float]()))
        self.refused = 0
        self.served = 0
        self.most_a_minute = 0

    def admit(self, now: float) -> bool:
        for seconds, _, times in self._bounds:
            while times and times[0] <= now - seconds:
                times.popleft()
        if any(len(times) >= bound for _, bound, times in self._bounds):
            self.refused += 1
            return False
        for _, _, times in self._bounds:
            times.append(now)
        self.served += 1
        self.most_a_minute = max(self.most_a_minute, len(self._bounds[0][2]))
        return True


@dataclass
class World:
    """Clock, provider and dice of one run."""

    seed: int
    arrivals: Arrivals = field(default_factory=Arrivals)
    ttls: tuple[float, ...] = (420.0, 600.0)
    webhooks: float = 0.0  # share of codes that a webhook tells of
    per_minute: int = 100
    per_day: int = 5000

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.limiter = Limiter(self.per_minute, self.per_day)
        self.lines: list[Line] = []
        self._travel = random.Random(self.seed + 1)  # noqa: S311 - no secret

    def line(self, number: int, slot: int = 0) -> Line:
        """The rental with this number in its slot: the same whatever the policy."""
        dice = random.Random(f"{self.seed}/{slot}/{number}")  # noqa: S311 - no secret
        line = Line(
            key=len(self.lines),
            ttl=dice.choice(self.ttls),
            arrives_after=self.arrivals.draw(dice),
            hooked=dice.random() < self.webhooks,
            wished=self.clock.now,
            slot=slot,
        )
        self.lines.append(line)
        return line

    def send(self, answered: Callable[[bool, float], None]) -> None:
        """Send a request; `answered(served, when it arrived)` is called when its answer is here.

        It takes some tenths of a second either way, and one in fifty takes up to three to arrive.
        """
        there = self._travel.uniform(0.05, 0.25)
        if self._travel.random() < 0.02:
            there += self._travel.uniform(0, 3.0)
        back = self._travel.uniform(0.05, 0.25)

        def arrive() -> None:
            arrived = self.clock.now
            served = self.limiter.admit(arrived)
            self.clock.at(arrived + back, lambda: answered(served, arrived))

        self.clock.at(self.clock.now + there, arrive)


BACK: Final = 0.15  # seconds: the mean way back of an answer
