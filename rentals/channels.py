"""The live lane's channels: who is told of which rental.

An audience is a channel. Whoever may see all of a team's rentals listens to the team's; a member
listens to their own. So no id ever travels towards somebody who may not see it.
"""

from accounts.announcements import announce, revoke
from rentals.models import Rental

__all__ = ["own_audience", "publish", "revoke", "team_audience"]


def publish(rental: Rental) -> None:
    """Tell both audiences of a rental that it changed. For after the commit; never fails."""
    told = str(rental.pk)
    announce(
        {
            team_audience(rental.team_id): told,
            own_audience(rental.team_id, rental.member_id): told,
        }
    )


def team_audience(team_id: int) -> str:
    return f"team:{team_id}"


def own_audience(team_id: int, user_id: int) -> str:
    return f"team:{team_id}:user:{user_id}"
