"""Who may spend how much of a provider's limits. All the constants are here, with their reasons.

Rents, cancels and last looks come first and may spend everything. What polls and the rest leave
alone is theirs: at a full minute a rent still goes out at once.
"""

from dataclasses import dataclass
from typing import Final

from accounts.states import Lane
from providers.values import Limits

FIRST: Final = frozenset({Lane.RENT, Lane.CONTROL})

# Of a minute's requests, kept free for FIRST: 15 of SMS Villa's 100, more than a team rents by
# hand, and enough for the cancels when several rentals end together.
MINUTE_RESERVE: Final = 0.15
# Of a day's requests, kept free for FIRST: 250 of SMS Villa's 5,000.
DAY_RESERVE: Final = 0.05
# A balance is read some times an hour: 200 of 5,000 are one every seven minutes.
BALANCE_SHARE: Final = 0.04
# A catalogue changes slowly: 150 of 5,000 are one every ten minutes.
CATALOGUE_SHARE: Final = 0.03
# What an admin asks by hand: 50 of 5,000 are plenty to look into something, and too few to hurt.
CONSOLE_SHARE: Final = 0.01
# The rest is for polls, so that they can't eat what the reads above were promised.
POLL_SHARE: Final = 1 - DAY_RESERVE - BALANCE_SHARE - CATALOGUE_SHARE - CONSOLE_SHARE

OWN_SHARES: Final = {
    Lane.POLL: POLL_SHARE,
    Lane.BALANCE: BALANCE_SHARE,
    Lane.CATALOGUE: CATALOGUE_SHARE,
    Lane.CONSOLE: CONSOLE_SHARE,
}


@dataclass(frozen=True, slots=True)
class Share:
    """What a lane may spend: bounds on everybody's requests of a minute and of a day when it
    asks, and on its own of a day. None is no bound."""

    minute: int | None = None
    day: int | None = None
    own_day: int | None = None


def share(lane: Lane, limits: Limits | None) -> Share:
    """The lane's share of the limits; unbounded where the provider names none."""
    if limits is None:
        return Share()
    if lane in FIRST:
        return Share(minute=limits.per_minute, day=limits.per_day)
    return Share(
        minute=_part(limits.per_minute, 1 - MINUTE_RESERVE),
        day=_part(limits.per_day, 1 - DAY_RESERVE),
        own_day=_part(limits.per_day, OWN_SHARES[lane]),
    )


def _part(limit: int, part: float) -> int:
    return max(1, round(limit * part))
