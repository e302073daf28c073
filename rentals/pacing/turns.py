"""One turn of the scheduler: what a request costs now, and how many there may be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accounts.budget.shares import share
from accounts.budget.windows import COUNTS_FOR, Windows
from accounts.states import Lane
from providers.values import Limits
from rentals.pacing.choosing import Watch, hazards
from rentals.pacing.curves import Curve
from rentals.pacing.demand import A_CANCEL, HOURS, Demand, Errands
from rentals.pacing.prices import UnderWay, affordable_looks, price_by_looks, price_by_rate

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
    """The price of a request: of the minute's or of the day's, whichever is scarcer."""
    pressing = hazards(watches, now)
    if means.limits is None:
        return price_by_rate(pressing, means.rate)
    errands = means.errands.rents_a_minute * (1 + A_CANCEL * usual.empty_share)
    return max(
        price_by_rate(pressing, (means.limits.per_minute - errands) / COUNTS_FOR),
        price_by_looks(usual.curve, looks_left(watches, means, usual, now), usual.last),
    )


def looks_left(watches: Sequence[Watch], means: Means, usual: Usual, now: float) -> float:
    """How many looks each rental may have so that no hour of the coming day runs dry."""
    if means.limits is None:
        return math.inf
    mine = share(Lane.POLL, means.limits)
    left = [
        means.windows.day_left(mine, Lane.POLL, now + hour * 3600) for hour in range(1, HOURS + 1)
    ]
    under_way = UnderWay(
        looking=sum(watch.looks_to_come(now) for watch in watches),
        cancels=sum(watch.stays_empty(now) for watch in watches),
    )
    return affordable_looks(left, means.demand, under_way=under_way, empty_share=usual.empty_share)


def room(means: Means, now: float) -> int:
    """How many polls may go out at once, so that no rent or cancel of the next minute waits."""
    if means.limits is None:
        spent = sum(each.count for each in means.windows.minute)
        lasting = means.rate * COUNTS_FOR - spent
        return int(max(0.0, min(AT_ONCE, lasting, max(1.0, means.rate * BURST_SECONDS))))
    beside = means.windows.room_beside(means.limits.per_minute, means.errands.within, now)
    return max(0, min(AT_ONCE, beside))
