"""The three steps with which a team begins: a key, people, a first number."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, ProviderAccount, Team
from accounts.operations.invitations import open_at
from accounts.states import Role
from rentals.models import Rental
from rentals.states import RentalState

TITLES: Final = {
    "key": _("Add a provider key"),
    "people": _("Invite people"),
    "number": _("Rent the first number"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """`name`: one of TITLES. Of those that are not taken the first is the current one."""

    name: str
    taken: bool
    current: bool

    @property
    def title(self) -> Promise:
        return TITLES[self.name]


@dataclass(frozen=True, slots=True)
class FirstSteps:
    steps: tuple[Step, ...]

    @property
    def taken(self) -> int:
        return sum(step.taken for step in self.steps)

    @property
    def through(self) -> bool:
        return self.taken == len(self.steps)


def first_steps(membership: Membership, *, now: datetime) -> FirstSteps | None:
    """How far the team is, in one query; None, and no query, where nobody is led (any more)."""
    team = membership.team
    if team.first_steps_over_at is not None or not membership.has(Role.ADMIN):
        return None
    this = OuterRef("pk")
    accounts = ProviderAccount.objects.filter(team=this, archived_at__isnull=True)
    others = Membership.objects.filter(team=this).exclude(pk=membership.pk)
    key, joined, invited, rented = Team.objects.values_list(
        Exists(accounts.filter(balance_read_at__isnull=False)),  # so its key was tried
        Exists(others),
        Exists(open_at(now).filter(team=this)),
        Exists(Rental.objects.filter(team=this).exclude(state=RentalState.REFUSED)),
    ).get(pk=team.pk)
    return _of({"key": key, "people": joined or invited or team.invites_later, "number": rented})


def _of(taken: dict[str, bool]) -> FirstSteps:
    current = next((name for name, done in taken.items() if not done), "")
    return FirstSteps(tuple(Step(name, done, name == current) for name, done in taken.items()))
