"""What is to be expected: rentals in the hours to come, and what must not wait for a poll."""

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

# The same hour of tomorrow has what was spent in this one again, so it is not saved up for.
HOURS: Final = 18
WEARS_OFF: Final = 0.6  # an hour
# Rentals an hour, before an account has had a day of its own: what is likely, and what must not
# cost a code if it comes, as many as a day's requests suffice for.
LIKELY: Final = 15.0
POSSIBLE: Final = 60.0
# Of an hour's rentals: two days that are alike differ by so much, and nothing is saved up for it.
VARIES: Final = 0.25
A_CANCEL: Final = 3  # requests: a look, the cancel, and a read before it is believed
AND_NEXT: Final = 1  # whose number is given back often rents another at once
# Rents that may be asked for all at once, out of nothing, and still go out at once.
BURST: Final = 15


@dataclass(frozen=True, slots=True)
class Demand:
    """Rentals expected to begin in each of the next HOURS hours.

    `provided` is for how many there is to be room for all that must not wait, at least as many;
    only those that are expected take looks from those that are here.
    """

    hourly: tuple[float, ...]
    provided: tuple[float, ...]

    def within(self) -> list[tuple[float, float]]:
        """Rentals expected and provided for within one hour, within two, and so on."""
        return list(zip(accumulate(self.hourly), accumulate(self.provided), strict=True))


@dataclass(frozen=True, slots=True)
class Habit:
    """`hours[i]` is how many rentals began, a day, in the hour that begins i hours from now;
    `before` how many in the hour before."""

    hours: tuple[float, ...]
    before: float

    def today(self, last_hour: float) -> tuple[float, ...]:
        """Today's demand by that of other days at the same times, and by what is going on now.

        What the past hour had beyond the usual, and beyond chance, is taken to go on and to wear
        off: a day that has no like must not run out of requests for its last looks.
        """
        chance = 2 * math.sqrt(self.before) + VARIES * self.before
        surplus = max(0.0, last_hour - self.before - chance)
        return tuple(
            each + surplus * WEARS_OFF**hour for hour, each in enumerate(self.hours[:HOURS])
        )


def expected(habit: Habit | None, *, last_hour: float) -> Demand:
    """What is to be expected of an account with a past, or of one without."""
    if habit is not None:
        hourly = habit.today(last_hour)
        return Demand(hourly, hourly)
    hourly = Habit((LIKELY,) * HOURS, LIKELY).today(last_hour)
    return Demand(hourly, tuple(max(each, POSSIBLE) for each in hourly))


@dataclass(frozen=True, slots=True)
class Errands:
    """Requests of the next minute that come before polls."""

    rents_a_minute: float = 0.0
    cancels: tuple[float, ...] = ()  # seconds from now until each is due; 0 for those under way

    def within(self, seconds: float) -> int:
        """How many to keep room for; of rents, which come at random, four deviations more."""
        rents = self.rents_a_minute * seconds / 60
        cancels = self._cancels(seconds)
        likely = math.ceil(rents + 4 * math.sqrt(rents))
        return max(likely, BURST + AND_NEXT * cancels) + A_CANCEL * cancels

    def mean(self, seconds: float) -> float:
        """How many there will be: the price goes by it, and `within` stands guard over the room."""
        return self.rents_a_minute * seconds / 60 + A_CANCEL * self._cancels(seconds)

    def _cancels(self, seconds: float) -> int:
        return sum(1 for due in self.cancels if due <= seconds)
