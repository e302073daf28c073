"""How rentals are polled: by the product's own functions, and in the three simple ways."""

import math
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from accounts.budget.counter import LASTS, TEN_MINUTES
from accounts.budget.shares import share
from accounts.budget.windows import HORIZON, Spent, Windows
from accounts.states import Lane
from benchmarks.polling.world import DAY, HOUR, LEAD, Clock, Line, World
from providers.values import Limits
from rentals.pacing.choosing import Watch, choose, next_due
from rentals.pacing.curves import PRIOR, Curve
from rentals.pacing.demand import HOURS, Errands, Habit, expected
from rentals.pacing.turns import Means, Usual, price, room

LAST_LOOK: Final = 3.0
RETRY: Final = 2.0  # seconds: how often the sweep comes back to a rent that found no room


class Policy(Protocol):
    """Who decides what is sent when."""

    delayed: int  # rents and cancels that had to wait because of polls

    def begin(self, run: "Runs") -> None: ...

    def watch(self, line: Line) -> None:
        """A rental was begun: poll it from now on."""
        ...

    def errand(self, send: Callable[[], None], *, again: Callable[[], None]) -> None:
        """Send a rent, or a part of a cancel, at once; or have it come again later."""
        ...


class Runs(Protocol):
    """What a policy sees of the run."""

    world: World

    @property
    def clock(self) -> Clock: ...

    def waiting(self) -> list[Line]: ...

    def running(self) -> bool: ...

    def poll(self, line: Line, answered: Callable[[bool], None]) -> None: ...


@dataclass
class Budget:
    """Requests counted as the Redis script counts them."""

    limits: Limits
    minute: dict[tuple[int, Lane], Spent] = field(default_factory=dict)
    day: dict[tuple[int, Lane], Spent] = field(default_factory=dict)
    pruned_at: int = 0

    def windows(self, now: float) -> Windows:
        if int(now) != self.pruned_at:
            self.pruned_at = int(now)
            self.minute = {key: each for key, each in self.minute.items() if each.until > now}
        return Windows(minute=tuple(self.minute.values()), day=tuple(self.day.values()))

    def take(self, lane: Lane, wanted: int, now: float) -> int:
        room = self.windows(now).room(share(lane, self.limits), lane) or 0
        granted = min(wanted, room)
        if granted:
            second = int(now)
            _add(self.minute, second, LASTS["m"], lane, granted)
            _add(self.day, second - second % TEN_MINUTES, LASTS["d"], lane, granted)
        return granted

    def polls_take(self, now: float) -> bool:
        """Whether polls hold some of the minute that is spent."""
        return any(lane == Lane.POLL for _, lane in self.minute) or any(
            lane == Lane.POLL for _, lane in self.day
        )


def _add(
    counts: dict[tuple[int, Lane], Spent], start: int, lasts: int, lane: Lane, count: int
) -> None:
    known = counts.get((start, lane))
    counts[start, lane] = Spent(start + lasts, lane, count + (known.count if known else 0))


@dataclass
class History:
    """When rentals began on other days, if there were any."""

    begins: list[float] = field(default_factory=list)
    days: int = 1

    def habit(self, now: float) -> Habit | None:
        if not self.begins:
            return None
        hours = [0.0] * 24
        for begun in self.begins:
            hours[int((begun - now) % DAY // HOUR)] += 1 / self.days
        return Habit(tuple(hours[:HOURS]), hours[23])


class Ours:
    """The scheduler: a turn a second, deciding by rentals.pacing alone."""

    def __init__(
        self, *, curve: Curve = PRIOR, history: History | None = None, missed: float = 1.0
    ) -> None:
        self.curve = curve.thinned(missed)
        self.whole = curve
        self.history = history or History()
        self.budget = Budget(Limits(per_minute=100, per_day=5000))
        self.delayed = 0
        self.watches: dict[int, Watch] = {}
        self.begins: list[float] = []
        self.habit: Habit | None = None
        self.habit_at = -math.inf
        self.prices: list[float] = []

    def begin(self, run: Runs) -> None:
        self.run = run
        run.clock.at(0.5, self._turn)

    def watch(self, line: Line) -> None:
        now = self.run.clock.now
        self.begins.append(now)
        ends = line.started + line.ttl
        self.watches[line.key] = Watch(
            key=line.key,
            curve=self.curve,
            started=line.started,
            seen=line.started,
            last=ends - LAST_LOOK,
            due=now,
            cancelled=ends - LEAD,
        )

    def errand(self, send: Callable[[], None], *, again: Callable[[], None]) -> None:
        now = self.run.clock.now
        if self.budget.take(Lane.CONTROL, 1, now):
            send()
            return
        self.delayed += self.budget.polls_take(now)
        self.run.clock.at(now + RETRY, again)

    def _turn(self) -> None:
        now = self.run.clock.now
        waiting = self.run.waiting()
        live = {line.key for line in waiting}
        self.watches = {key: each for key, each in self.watches.items() if key in live}
        watches = [each for each in self.watches.values() if now < each.cancelled]
        if watches and any(each.due <= now for each in watches):
            self._ask(watches, {line.key: line for line in waiting}, now)
        if self.run.running():
            self.run.clock.at(now + 1.0, self._turn)

    def _ask(self, watches: list[Watch], lines: dict[int, Line], now: float) -> None:
        means = self._means(watches, now)
        spans = [watch.until - watch.started for watch in watches]
        usual = Usual(self.curve, sum(spans) / len(spans), self.whole)
        cost = price(watches, means, usual, now)
        self.prices.append(cost)
        chosen = choose(watches, price=cost, room=room(means, now), now=now)
        granted = self.budget.take(Lane.POLL, len(chosen), now) if chosen else 0
        for watch in chosen[:granted]:
            watch.due = now + 4.0
            self._look(watch, lines[watch.key], now, cost)
        for watch in watches:
            if watch.due <= now:
                watch.due = max(now + 1.0, next_due(watch, price=cost, now=now))

    def _look(self, watch: Watch, line: Line, asked: float, cost: float) -> None:
        def answered(served: bool) -> None:
            if served:
                watch.seen = asked
            watch.due = next_due(watch, price=cost, now=self.run.clock.now)

        self.run.poll(line, answered)

    def _means(self, watches: list[Watch], now: float) -> Means:
        if now - self.habit_at > 60:
            self.habit, self.habit_at = self.history.habit(now), now
        last_hour = len(self.begins) - bisect_right(self.begins, now - HOUR)
        recent = len(self.begins) - bisect_right(self.begins, now - 600)
        return Means(
            limits=self.budget.limits,
            windows=self.budget.windows(now),
            demand=expected(self.habit, last_hour=last_hour),
            errands=Errands(
                rents_a_minute=recent / max(1.0, min(now, 600) / 60),
                cancels=tuple(
                    max(0.0, w.cancelled - now)
                    for w in self.watches.values()
                    if w.cancelled - now <= HORIZON
                ),
            ),
            rate=1.0,
        )


class Simple:
    """Polls each rental on its own, at a pause that depends on its age.

    `patient`: pauses longer after a 429, else it tries again as usual. `gated`: our own budget
    stands before it, so that rents and cancels come first and no 429 comes at all.
    """

    def __init__(
        self,
        pause: Callable[[float], float],
        *,
        until: float = math.inf,
        patient: bool = False,
        gated: bool = False,
    ) -> None:
        self.pause, self.until, self.patient = pause, until, patient
        self.budget = Budget(Limits(per_minute=100, per_day=5000)) if gated else None
        self.delayed = 0

    def begin(self, run: Runs) -> None:
        self.run = run
        self.dice = random.Random(run.world.seed + 2)  # noqa: S311 - no secret

    def watch(self, line: Line) -> None:
        self._later(line, 0)

    def errand(self, send: Callable[[], None], *, again: Callable[[], None]) -> None:
        now = self.run.clock.now
        if self.budget and not self.budget.take(Lane.CONTROL, 1, now):
            self.delayed += 1
            self.run.clock.at(now + RETRY, again)
        else:
            send()

    def _later(self, line: Line, refused: int) -> None:
        now = self.run.clock.now
        pause = self.pause(now - line.started)
        if self.patient:
            pause *= 1 + 0.3 * self.dice.random()
            if refused:
                pause = min(20.0, 5.0 + 2.0 * refused)
        self.run.clock.at(now + pause, lambda: self._look(line, refused))

    def _look(self, line: Line, refused: int) -> None:
        age = self.run.clock.now - line.started
        if line.over or age > min(self.until, line.ttl):
            return
        if self.budget and not self.budget.take(Lane.POLL, 1, self.run.clock.now):
            self._later(line, refused + 1)
            return
        self.run.poll(line, lambda served: self._later(line, 0 if served else refused + 1))


TABLE: Final = (
    (30.0, (2, 3, 4, 5)),
    (120.0, (4, 5, 6, 7)),
    (300.0, (6, 8, 10, 8)),
    (600.0, (10, 12, 15, 12)),
)


def by_table(age: float) -> float:
    """The four pauses of an age's row, one after the other, evenly over the row."""
    begins = 0.0
    for ends, pauses in TABLE:
        if age <= ends:
            return pauses[min(3, int(4 * (age - begins) / (ends - begins)))]
        begins = ends
    return float(TABLE[-1][1][-1])


def baselines() -> dict[str, Simple]:
    """Each by itself, and each behind our own budget."""
    found = {}
    for gated, suffix in ((False, ""), (True, "_gated")):
        found["every_3s" + suffix] = Simple(lambda age: 3.0, gated=gated)
        found["every_10s" + suffix] = Simple(lambda age: 10.0, until=600.0, gated=gated)
        found["age_table" + suffix] = Simple(by_table, patient=True, gated=gated)
    return found
