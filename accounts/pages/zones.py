"""Time zones: whose clock the pages show."""

from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils import timezone

# The rest of the database's names are old spellings and fixed offsets.
_REGIONS = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)


@cache
def zone_names() -> tuple[str, ...]:
    """The zones that a person can choose, by name."""
    names = (name for name in available_timezones() if name.partition("/")[0] in _REGIONS)
    return ("UTC", *sorted(names))


def activate_zone(*names: str) -> None:
    """Show times in the first of the zones that is set and known; else in UTC."""
    timezone.activate(first_zone(*names))


def first_zone(*names: str) -> tzinfo:
    """The first of the zones that is set and known; else UTC."""
    return next((zone for name in names if (zone := _zone(name))), UTC)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
