"""Who may see which rentals, and how much of them. The one place where that is decided."""

from enum import IntEnum

from django.db.models import Q

from accounts.models import Membership
from accounts.states import Role
from rentals.models import Rental
from rentals.models.rentals import RentalQuerySet


class Sight(IntEnum):
    """How much of a rental someone sees; each holds all that is below it."""

    MONEY = 1  # what, when, how much: no number, text or code
    NUMBER = 2  # the number too; a code only on asking, which is written down
    ALL = 3


def may_rent(membership: Membership) -> bool:
    return membership.has(Role.MEMBER, Role.ADMIN)


def sees_team(membership: Membership) -> bool:
    """Whether the rentals of others in the team are there at all for this member."""
    return membership.has(Role.ADMIN, Role.FINANCE) or _shares(membership)


def visible_rentals(membership: Membership) -> RentalQuerySet:
    """The team's rentals that are there for this member. Any other is a 404."""
    rentals = Rental.objects.filter(team=membership.team_id)
    return rentals if sees_team(membership) else rentals.filter(member=membership.user_id)


def with_number(membership: Membership) -> Q:
    """Narrows `visible_rentals` to those whose number this member sees, for searches by it."""
    if membership.has(Role.ADMIN) or _shares(membership):
        return Q()
    return Q(member=membership.user_id) if may_rent(membership) else Q(pk__in=())


def sight(membership: Membership, rental: Rental) -> Sight:
    """How much of a visible rental this member sees."""
    if not may_rent(membership):
        return Sight.MONEY
    if rental.member_id == membership.user_id or membership.team.shares_board:
        return Sight.ALL
    return Sight.NUMBER if membership.has(Role.ADMIN) else Sight.MONEY


def may_control(membership: Membership, rental: Rental) -> bool:
    """Whether this member may cancel or finish the rental."""
    own = rental.member_id == membership.user_id and may_rent(membership)
    return own or membership.has(Role.ADMIN)


def sees_spend(membership: Membership) -> bool:
    """Whether this member sees what everybody in the team spent, and what refunds rest on."""
    return membership.has(Role.FINANCE, Role.ADMIN)


def spender(membership: Membership) -> int | None:
    """The user whose spend alone this member sees; None for everybody's."""
    return None if sees_spend(membership) else membership.user_id


def sees_spend_of(membership: Membership, member: int | str | None) -> bool:
    """Whether they may ask for a member's spend, by id or as an address has it; none is theirs."""
    return sees_spend(membership) or member in (None, "") or str(member) == str(membership.user_id)


def spend_of(membership: Membership) -> RentalQuerySet:
    """The rentals whose cost this member sees as spend: a shared board shares no money."""
    rentals = visible_rentals(membership)
    return rentals if sees_spend(membership) else rentals.filter(member=membership.user_id)


def may_decide(membership: Membership) -> bool:
    """Whether this member may say how a doubt ended."""
    return membership.has(Role.FINANCE)


def _shares(membership: Membership) -> bool:
    return membership.team.shares_board and may_rent(membership)
