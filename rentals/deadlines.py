"""When a rental ends, by our own clock."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from providers.values import Rented

PLAUSIBLE = timedelta(days=8)


def deadline(rented: Rented, *, ttl: int, date: str, now: datetime) -> datetime:
    """Return the end of a rental that was answered at `now`.

    A time-to-live in the answer counts from now. A point in time (SMS Villa's `expires_at`) is
    by the provider's clock, so it is taken relative to the answer's own `Date` header, and only
    if the result is plausible. Otherwise the catalogue's `ttl` (seconds) counts from now.
    """
    if rented.ttl:
        return now + timedelta(seconds=rented.ttl)
    if rented.expires_at is not None:
        left = rented.expires_at - (_http_date(date) or now)
        if timedelta(0) < left < PLAUSIBLE:
            return now + left
    return now + timedelta(seconds=ttl)


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
