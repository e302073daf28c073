"""Budgets of which enough is used to warn."""

from datetime import datetime

from accounts.models import Team
from ledger.days import team_day
from rentals.budgets.reading import Standing
from rentals.budgets.sheet import all_standings


def past_warning(team: Team, now: datetime) -> list[Standing]:
    """The team's budgets of whose limit the share was used at which they warn, at this moment.

    One for each member is there once for each such `member`. `is_full`: it stops.
    """
    found = all_standings(team, team_day(team, now))
    return [each for each in found if each.is_warning and each.missing is None]
