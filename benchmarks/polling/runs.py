"""One run: people keep so many rentals going, or rent over a day; a policy polls them."""

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from benchmarks.polling.policies import Policy
from benchmarks.polling.world import (
    DAY,
    GIVE_UP,
    HOUR,
    LEAD,
    RAMP,
    THINKING,
    Clock,
    Line,
    World,
)


@dataclass(frozen=True)
class Outcome:
    """What came out of a run."""

    rentals: int
    codes: int
    lost: int  # codes that the provider had and nobody saw
    given_up: int  # codes that would have come after our cancel
    delay: float  # mean seconds from the SMS to its code's being known; a lost one's to its end
    looks: float  # polls a rental
    refused: int  # 429
    most_a_minute: int
    left_of_day: int
    delayed: int  # rents and cancels that had to wait because of polls
    never_rented: int
    begins: tuple[float, ...]

    @property
    def lost_percent(self) -> float:
        return 100 * self.lost / max(1, self.codes)


class Run:
    """Rentals come and go; each costs a rent, its polls, and where it stays empty a cancel."""

    def __init__(self, world: World, policy: Policy, *, until: float = HOUR) -> None:
        self.world, self.policy, self.until = world, policy, until
        self.open: dict[int, Line] = {}
        self.pending = 0
        self.never = 0
        policy.begin(self)

    @property
    def clock(self) -> Clock:
        return self.world.clock

    def waiting(self) -> list[Line]:
        return list(self.open.values())

    def running(self) -> bool:
        return self.clock.now < self.until or bool(self.open) or self.pending > 0

    # What people do

    def slots(self, number: int) -> None:
        """So many rentals at a time: where one ends, the next is asked for."""
        for slot in range(number):
            self.clock.at(RAMP * slot / number, partial(self._wish, slot, 0))

    def wishes(self, times: Iterable[float]) -> None:
        for number, time in enumerate(times):
            self.clock.at(time, partial(self._wish, number, 0, refill=False))

    def _wish(self, slot: int, number: int, *, refill: bool = True) -> None:
        if self.clock.now >= self.until:
            return
        line = self.world.line(number, slot)
        self.pending += 1
        line_refill = (lambda: self._wish(slot, number + 1)) if refill else None
        self._rent(line, line_refill)

    def _rent(self, line: Line, refill: Callable[[], None] | None) -> None:
        if self.clock.now - line.wished > GIVE_UP:
            self.pending -= 1
            self.never += 1
            line.over = True
            if refill:
                self.clock.at(self.clock.now + THINKING, refill)
            return

        def answered(served: bool, arrived: float) -> None:
            if not served:
                self.clock.at(self.clock.now + 5.0, lambda: self._rent(line, refill))
                return
            self.pending -= 1
            line.started = arrived
            self.open[line.key] = line
            self._ends(line, refill)
            self.policy.watch(line)
            if line.hooked and line.got_code:
                self.clock.at(line.arrives + 0.3, lambda: self._hook(line))

        self.policy.errand(
            lambda: self.world.send(answered), again=lambda: self._rent(line, refill)
        )

    # What becomes of a rental

    def _ends(self, line: Line, refill: Callable[[], None] | None) -> None:
        line.refill = refill
        self.clock.at(line.started + line.ttl - LEAD, lambda: self._cancel(line, 0, 0))
        self.clock.at(line.started + line.ttl + 1, lambda: self._close(line))

    def _hook(self, line: Line) -> None:
        if line.arrives < line.cancelled:
            self._know(line)

    def poll(self, line: Line, answered: Callable[[bool], None]) -> None:
        line.polls += 1
        self.world.send(lambda served, arrived: self._polled(line, served, arrived, answered))

    def _polled(
        self, line: Line, served: bool, arrived: float, answered: Callable[[bool], None]
    ) -> None:
        if served and line.got_code and line.arrives <= arrived <= line.started + line.ttl:
            self._know(line)
        elif not line.over:
            answered(served)

    def _cancel(self, line: Line, step: int, tries: int) -> None:
        """A look, the cancel, and one more read, each as soon as the one before it is answered."""
        if line.over or self.clock.now > line.started + line.ttl:
            return

        def again() -> None:
            self._cancel(line, step, tries + 1)

        def answered(served: bool, arrived: float) -> None:
            if line.over:
                return
            if not served:
                self.clock.at(self.clock.now + min(30.0, 2.0 ** (tries + 1)), again)
            elif line.got_code and line.arrives <= arrived:
                self._know(line)  # seen by the look, or the reason why the cancel was refused
            elif step == 1:
                line.cancelled = arrived
                self._cancel(line, 2, 0)
            elif step == 2:
                self._close(line)
            else:
                self._cancel(line, 1, 0)

        self.policy.errand(lambda: self.world.send(answered), again=again)

    def _know(self, line: Line) -> None:
        line.seen = min(line.seen, self.clock.now)
        self._close(line)

    def _close(self, line: Line) -> None:
        if line.over:
            return
        line.over = True
        self.open.pop(line.key, None)
        if line.refill:
            self.clock.at(self.clock.now + THINKING, line.refill)

    def outcome(self) -> Outcome:
        self.clock.run()
        begun = [line for line in self.world.lines if line.started < math.inf]
        codes = [line for line in begun if line.got_code]
        waits = [min(line.seen, line.started + line.ttl) - line.arrives for line in codes]
        # Who never got a number waits for its code in vain, until it would have ended.
        unrented = [line for line in self.world.lines if line.started == math.inf]
        waits += [max(0.0, line.ttl - LEAD - line.arrives_after) for line in unrented]
        limiter = self.world.limiter
        return Outcome(
            rentals=len(begun),
            codes=len(codes),
            lost=sum(line.seen == math.inf for line in codes),
            given_up=sum(line.ends <= line.arrives < line.started + line.ttl for line in begun),
            delay=sum(waits) / max(1, len(waits)),
            looks=sum(line.polls for line in begun) / max(1, len(begun)),
            refused=limiter.refused,
            most_a_minute=limiter.most_a_minute,
            left_of_day=self.world.per_day - limiter.served,
            delayed=self.policy.delayed,
            never_rented=self.never,
            begins=tuple(line.started for line in begun),
        )


def an_hour(world: World, policy: Policy, number: int) -> Outcome:
    run = Run(world, policy)
    run.slots(number)
    return run.outcome()


def a_day(world: World, policy: Policy, rentals: int) -> Outcome:
    """Rentals spread over a day, three quarters of them between eight and eighteen o'clock."""
    dice = random.Random(world.seed + 3)  # noqa: S311 - no secret
    times = [
        dice.uniform(8, 18) * HOUR if dice.random() < 0.75 else dice.uniform(0, DAY)
        for _ in range(rentals)
    ]
    run = Run(world, policy, until=DAY)
    run.wishes(sorted(times))
    return run.outcome()
