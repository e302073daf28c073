"""Days are the team's own time zone's."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accounts.models import Team


def team_zone(team: Team) -> tzinfo:
    """The team's time zone; UTC where it has none that is known."""
    try:
        return ZoneInfo(team.time_zone) if team.time_zone else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def team_day(team: Team, at: datetime) -> date:
    """The day that a moment belongs to for the team."""
    return at.astimezone(team_zone(team)).date()
