"""Which rentals to ask for now, and when each of the others is next."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rentals.pacing.curves import Curve
from rentals.pacing.plans import asking_at, looks_to_come, looks_within, own_price
from rentals.pacing.prices import DEAREST
from rentals.pacing.worth import SHORTEST, worth

LONGEST: Final = 600.0  # seconds between two looks, while there is anything to spend on polls
# Seconds: up to these prices a rental gets its last look though nobody waits for its SMS.
SPARE: Final = 0.1  # its code is here
ABANDONED: Final = 5.0  # it was cancelled: a code that came all the same would be lost, and money


@dataclass(slots=True)
class Watch:
    """A rental as the scheduler sees it. All times are Unix seconds."""

    key: int
    curve: Curve
    started: float
    seen: float  # the last look that was answered; the start where there was none
    last: float  # when its last look is due, before its end
    due: float  # when the row says that it is to be asked
    planned: bool = True  # we said so ourselves, by its worth, and may say otherwise
    cancelled: float = math.inf  # when it is cancelled if it is still empty, after a look
    dearest: float = math.inf  # above this price its last look is not taken
    shortest: float = SHORTEST  # seconds between two looks
    rests_until: float = -math.inf  # a look has failed: whatever another is worth, it waits

    def worth(self, now: float) -> float:
        """What a look now is worth, in seconds."""
        return worth(self.curve, self.seen - self.started, now - self.started)

    @property
    def until(self) -> float:
        """When it ends, as far as looks for its worth go."""
        return min(self.last, self.cancelled)

    def hazard(self, now: float) -> float:
        """The chance that a code comes in the next second, by what we know."""
        return self.curve.hazard(now - self.started)

    def asking_at(self, price: float) -> float:
        """When to look next by its plan at this price, at its end at the latest."""
        seen, end = self.seen - self.started, self.until - self.started
        return self.started + asking_at(self.curve, seen, own_price(price, self.key), end)

    def looks_to_come(self, price: float) -> float:
        """How many looks are expected before its last one, at this price."""
        seen, end = self.seen - self.started, self.until - self.started
        return looks_to_come(self.curve, seen, own_price(price, self.key), end)

    def looks_within(self, seconds: float, price: float, now: float) -> float:
        """How many of them are due within so many seconds."""
        seen, end = self.seen - self.started, self.until - self.started
        span = (now - self.started, now + seconds - self.started)
        return looks_within(self.curve, seen, span, own_price(price, self.key), end)

    def stays_empty(self, now: float) -> float:
        """The chance that it is to be cancelled, as nothing has come yet."""
        if self.cancelled == math.inf:
            return 0.0
        last = self.curve.arrived(self.cancelled - self.started)
        return (1 - last) / (1 - self.curve.arrived(now - self.started))

    def must_be_asked(self, now: float) -> bool:
        """Somebody asked for it, or it is the last chance."""
        return self.is_last_chance(now) or (not self.planned and now >= self.due)

    def is_owed(self, now: float) -> bool:
        """Whether its last look is due whatever a request costs."""
        return self.dearest == math.inf and self.is_last_chance(now)

    def is_last_chance(self, now: float) -> bool:
        return self.seen < self.last <= now and now >= self.rests_until


def choose(watches: Iterable[Watch], *, price: float, room: int, now: float) -> list[Watch]:
    """At most `room` rentals to ask for now: what must be, then what is worth most."""
    musts: list[Watch] = []
    worthy: list[tuple[float, Watch]] = []
    for watch in watches:
        if price > watch.dearest:
            continue
        if watch.must_be_asked(now):
            musts.append(watch)
        elif now >= watch.rests_until and now - watch.seen >= watch.shortest:
            forgotten = now - watch.seen >= LONGEST and price < DEAREST
            if forgotten or watch.asking_at(price) <= min(now, watch.until - SHORTEST):
                worthy.append((watch.worth(now), watch))
    musts.sort(key=lambda watch: min(watch.due, watch.last))
    worthy.sort(key=lambda each: -each[0])
    return [*musts, *(watch for _, watch in worthy)][: max(0, room)]


def next_due(watch: Watch, *, price: float, now: float) -> float:
    """When a rental that was just looked at, or isn't yet worth a look, is to be asked next."""
    soonest = max(watch.asking_at(price), watch.seen + watch.shortest, now)
    return min(soonest, max(watch.seen + LONGEST, now), max(watch.last, now))


def hazards(watches: Sequence[Watch], now: float) -> list[float]:
    """What the rentals' codes press with, all together: for the price of a request."""
    return [watch.hazard(now) for watch in watches]
