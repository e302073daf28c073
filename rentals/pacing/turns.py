"""One turn of the scheduler: what a request costs now, and how many there may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accounts.budget.shares import share
from accounts.budget.windows import COUNTS_FOR, Windows
from accounts.states import Lane
from providers.values import Limits
from rentals.pacing.choosing import Watch, hazards
from rentals.pacing.curves import Curve
from rentals.pacing.demand import A_CANCEL, Demand, Errands
from rentals.pacing.patience import MOST
from rentals.pacing.plans import looks_within, usual_looks
from rentals.pacing.prices import lowest_price, price_by_rate

AT_ONCE: Final = 200  # requests a turn
BURST_SECONDS: Final = 3.0  # of a rate that no limit names, at once


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to spend, and what else will want it."""

    limits: Limits | None
    windows: Windows
    demand: Demand
    errands: Errands
    rate: float  # requests a second, where no limit is named
    manageable: float = MOST  # polls a second that we get done


@dataclass(frozen=True, slots=True)
class Usual:
    """A rental of this account as it usually goes, up to its age at the last look.

    `curve` is of the codes that only a poll finds, `whole` of all.
    """

    curve: Curve
    last: float
    whole: Curve

    @property
    def empty_share(self) -> float:
        return 1 - self.whole.arrived(self.last)


def price(watches: Sequence[Watch], means: Means, usual: Usual, now: float) -> float:
    """The lowest price at which the looks that are wanted fit into the minute and the day."""
    if means.limits is None:
        return price_by_rate(hazards(watches, now), min(means.rate, means.manageable))
    each = 1 + A_CANCEL * usual.empty_share  # requests of a rental beside its looks
    left = _left(watches, means, each, now)
    minute = means.limits.per_minute - means.errands.mean(COUNTS_FOR)
    rents = means.errands.rents_a_minute * COUNTS_FOR / 60

    def fits(cost: float) -> bool:
        soon = sum(watch.looks_within(COUNTS_FOR, cost, now) for watch in watches)
        fresh = looks_within(usual.curve, 0.0, (0.0, COUNTS_FOR / 2), cost, usual.last)
        if soon + rents * fresh > minute:
            return False
        looks = usual_looks(usual.curve, cost, usual.last)
        waiting = sum(watch.looks_to_come(cost) for watch in watches)
        return all(waiting + rentals * looks <= most for most, rentals in left)

    return lowest_price(fits)


def _left(
    watches: Sequence[Watch], means: Means, each: float, now: float
) -> list[tuple[float, float]]:
    """Within an hour, two and so on: how many looks there may be, and how many rentals begin."""
    if means.limits is None:
        return []
    mine = share(Lane.POLL, means.limits)
    cancels = A_CANCEL * sum(watch.stays_empty(now) for watch in watches)
    left = []
    for hour, (rentals, provided) in enumerate(means.demand.within(), start=1):
        of_all, of_polls = means.windows.day_left(mine, Lane.POLL, now + hour * 3600)
        left.append((min(of_all - provided * each - cancels, of_polls), rentals))
    return left


def room(means: Means, now: float) -> int:
    """How many polls may go out at once, so that no rent or cancel of the next minute waits."""
    if means.limits is None:
        spent = sum(each.count for each in means.windows.minute)
        lasting = means.rate * COUNTS_FOR - spent
        return int(max(0.0, min(AT_ONCE, lasting, max(1.0, means.rate * BURST_SECONDS))))
    beside = means.windows.room_beside(means.limits.per_minute, means.errands.within, now)
    return max(0, min(AT_ONCE, beside))
