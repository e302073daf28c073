"""People: all members for admins; for others who see the team's rentals, those who rented."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from accounts.models import Membership
from accounts.states import Role
from rentals.finding.hits import Hit
from rentals.finding.known import Known

MOST: Final = 5


def find(membership: Membership, words: list[str], known: Known) -> list[Hit]:
    """Those whose name holds every word."""
    if membership.has(Role.ADMIN):
        return _members(membership, words)
    to = reverse("rental_list", args=[membership.team.slug])
    fitting = [known.people(word) for word in words]
    found = [user for user in known.users if all(user in people for people in fitting)]
    return [Hit(str(user), f"{to}?{urlencode({'member': user.pk})}") for user in found[:MOST]]


def _members(membership: Membership, words: Iterable[str]) -> list[Hit]:
    members = Membership.objects.filter(team=membership.team_id).select_related("user")
    for word in words:
        members = members.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    to = reverse("people", args=[membership.team.slug])
    found = members.order_by("user__name", "user__email")[:MOST]
    return [
        Hit(str(each.user), f"{to}#person-{each.pk}", each.user.email if each.user.name else "")
        for each in found
    ]
