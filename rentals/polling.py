"""The looks that do not depend on what a look is worth: the first, the last, after an SMS, and
the one at what was given up.

When the others are taken is decided by rentals.pacing.
"""

from datetime import datetime, timedelta
from typing import Any

FIRST_LOOK = timedelta(seconds=3)  # unless the scheduler plans it before that
LAST_LOOK = timedelta(seconds=3)  # before the end: the last code that may still come
LATE_LOOK = timedelta(seconds=1)  # after it: what came while the last look was under way
QUIET_LOOK = timedelta(seconds=20)  # a service with several SMS, after its first
SOUGHT_FOR = timedelta(days=2)  # what ended unseen: by then a day's requests are there again


def after_sms(*, now: datetime, expires_at: datetime, wants_more: bool) -> datetime | None:
    """Return when to ask a rental whose SMS has just come, None for never again."""
    last = expires_at - LAST_LOOK
    if now >= last:
        return None
    return min(now + QUIET_LOOK, last) if wants_more else last


def after_giving_up(*, now: datetime, expires_at: datetime | None) -> datetime | None:
    """Return when to ask once more for what was cancelled or finished, None for never again.

    Until its time is up an SMS may still reach the number, and the provider may hold it: a single
    look as late as can be finds whatever came.
    """
    if expires_at is None or now >= expires_at - LAST_LOOK:
        return None
    return expires_at - LAST_LOOK


def after_unseen_end(now: datetime) -> dict[str, Any]:
    """Return the fields of a rental whose end came before the provider could be asked about it: a
    code may stand there, or one that nobody confirmed yet be genuine."""
    return {"next_poll_at": now, "planned_poll_at": None}


def upcoming(
    planned: datetime, *, now: datetime, expires_at: datetime, received: bool
) -> datetime | None:
    """Return when to ask after a look at `now`, None for never again.

    `planned` is when the next look is worth its price. Whatever that is, a rental is asked once
    just before its end and, where nothing came, once just after it.
    """
    last, late = expires_at - LAST_LOOK, expires_at + LATE_LOOK
    if now < last:
        return min(planned, last)
    return late if now < late and not received else None
