"""When a rental is asked for next: a pure function of its age and of what the limits leave."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_LOOK = timedelta(seconds=3)
LAST_LOOK = timedelta(seconds=3)  # before the end: the last code that may still come
LATE_LOOK = timedelta(seconds=1)  # after it: what came while the last look was under way
QUIET_LOOK = timedelta(seconds=20)  # a service with several SMS, after its first

# Up to this age in seconds, ask so often.
PACE = ((30.0, 3.0), (120.0, 5.0), (300.0, 8.0), (float("inf"), 12.0))


@dataclass(frozen=True, slots=True)
class Room:
    """What the provider's limits leave for polls: per minute, and the unspent part of the day."""

    live: int  # rentals that want to be polled on this account
    per_minute: int | None = None  # None where no limit is named
    day_left: float = 1.0  # 0 to 1
    webhooks_healthy: bool = False


def interval(age: float, room: Room) -> timedelta:
    """Return the pause before the next poll of a rental that is `age` seconds old."""
    seconds = next(pace for limit, pace in PACE if age <= limit)
    if room.webhooks_healthy:
        seconds *= 2
    if room.per_minute:
        seconds = max(seconds, 60.0 * room.live / room.per_minute)
    # The second half of a day's requests is spent ever more slowly.
    seconds *= max(1.0, min(10.0, 0.5 / max(room.day_left, 0.05)))
    return timedelta(seconds=seconds)


def next_look(
    *,
    now: datetime,
    started_at: datetime,
    expires_at: datetime,
    received: bool,
    wants_more: bool,
    room: Room,
) -> datetime | None:
    """Return when to ask next, None for never again.

    Whatever the pace, a rental is asked once just before its end and, where nothing came, once
    just after it.
    """
    last, late = expires_at - LAST_LOOK, expires_at + LATE_LOOK
    if now >= expires_at:
        return late if now < late and not received else None
    if received and not wants_more:
        return last if now < last else None
    pause = interval((now - started_at).total_seconds(), room)
    if received:
        pause = max(pause, QUIET_LOOK)
    if now < last:
        return min(now + pause, last)
    return late
