"""What every page needs around its content: the team, the user's other teams, the menu."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Membership, Team
from accounts.states import Role


@dataclass(frozen=True, slots=True)
class Nav:
    """Which parts of a team's pages its menu offers to this member."""

    rents: bool = False
    finances: bool = False
    administers: bool = False


def workspace(request: HttpRequest) -> dict[str, Any]:
    """`team`, `membership` and `nav` where the page is a team's; `teams`: all of the user's."""
    membership: Membership | None = getattr(request, "membership", None)
    return {
        "team": membership.team if membership else None,
        "membership": membership,
        "teams": SimpleLazyObject(lambda: _teams(request)),
        "nav": _nav(membership),
    }


def _teams(request: HttpRequest) -> list[Team]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    return list(Team.objects.filter(memberships__user=user.pk).order_by("name", "pk"))


def _nav(membership: Membership | None) -> Nav:
    if membership is None:
        return Nav()
    return Nav(
        rents=membership.has(Role.MEMBER),
        finances=membership.has(Role.FINANCE),
        administers=membership.has(Role.ADMIN),
    )
