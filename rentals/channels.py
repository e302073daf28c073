"""The live lane's channels: who is told of which rental.

An audience is a channel. Whoever may see all of a team's rentals listens to the team's; a member
listens to their own. So no id ever travels towards somebody who may not see it.
"""

from accounts.announcements import announce, revoke
from accounts.models import Membership
from rentals.models import Rental
from rentals.visibility import sees_team

__all__ = ["audience", "publish", "revoke"]


def publish(*rentals: Rental) -> None:
    """Tell both audiences of each rental that it changed. For after the commit; never fails."""
    announce(*(_news(rental) for rental in rentals))


def audience(membership: Membership) -> str:
    """The channel of all that a membership may see."""
    if sees_team(membership):
        return _team(membership.team_id)
    return _own(membership.team_id, membership.user_id)


def _news(rental: Rental) -> dict[str, str]:
    told = str(rental.pk)
    return {_team(rental.team_id): told, _own(rental.team_id, rental.member_id): told}


def _team(team_id: int) -> str:
    return f"team:{team_id}"


def _own(team_id: int, user_id: int) -> str:
    return f"team:{team_id}:user:{user_id}"
