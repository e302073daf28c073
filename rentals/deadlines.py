"""When a rental began and when it ends, by our own clock."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from providers.values import Rented

PLAUSIBLE = timedelta(days=8)
# The shortest of SMS Villa's document, for a service whose time-to-live nobody tells: too short
# costs a code that comes late, too long costs the refund.
TTL_UNTOLD = 420  # seconds
# An end after what the catalogue says is by another clock, or in another time zone: too long costs
# the refund. One before it may be so, but for one that is off by quarters of an hour: all time
# zones lie so, from half an hour to 14 hours away from UTC.
NEAREST_ZONE, FARTHEST_ZONE = timedelta(minutes=29), timedelta(hours=14, minutes=1)
ZONES_LIE = timedelta(minutes=15)
ROUNDED = timedelta(seconds=2)  # times are told in whole seconds
ABOUT = timedelta(minutes=2)  # a late answer tells of what is left by then


def beginning(rented: Rented, *, date: str, asked_at: datetime, answered_at: datetime) -> datetime:
    """Return when a rental began: somewhere between the question and the answer.

    How old it was when the answer was written is told by the provider's own two times, its
    `created_at` and the answer's `Date` header. Where they don't tell, it counts from the
    question: a late answer must not make it end later here than at the provider.
    """
    written = _http_date(date)
    if rented.created_at is None or written is None:
        return asked_at
    age = max(written - rented.created_at, timedelta(0))
    return max(answered_at - age, asked_at)


def deadline(
    rented: Rented, *, ttl: int, date: str, started_at: datetime, answered_at: datetime
) -> datetime:
    """Return the end of a rental that began at `started_at`.

    A time-to-live in the answer counts from its beginning. A point in time (SMS Villa's
    `expires_at`) is by the provider's clock, so it is taken relative to the answer's own `Date`
    header, and only if the result is plausible: where the application writes it in another time
    zone or by another clock, it is off by as much. Otherwise the catalogue's `ttl` (seconds, 0
    where it is not told) counts.
    """
    if rented.ttl:
        return started_at + timedelta(seconds=rented.ttl)
    if rented.expires_at is not None:
        left = rented.expires_at - (_http_date(date) or answered_at)
        if timedelta(0) < left < PLAUSIBLE and not _is_of_another_clock(left, ttl):
            return answered_at + left
    return started_at + timedelta(seconds=ttl or TTL_UNTOLD)


def _is_of_another_clock(left: timedelta, ttl: int) -> bool:
    """More is left than the catalogue sells, or less by what a time zone makes."""
    off = timedelta(seconds=ttl) - left
    beyond = off % ZONES_LIE
    lies_so = min(beyond, ZONES_LIE - beyond) <= ABOUT
    return ttl > 0 and (off < -ROUNDED or (NEAREST_ZONE <= off <= FARTHEST_ZONE and lies_so))


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
