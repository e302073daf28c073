"""Who sees which rentals and how much of them: the rules themselves."""

import pytest

from accounts.models import Membership
from accounts.states import Role
from rentals.models import Rental
from rentals.visibility import Sight, may_control, sight, visible_rentals, with_number
from tests.factories import make_member, make_rental
from tests.pages.conftest import World

HIDDEN = None


def seen(membership: Membership, rental: Rental) -> Sight | None:
    found = visible_rentals(membership).filter(pk=rental.pk).first()
    return HIDDEN if found is None else sight(membership, found)


@pytest.mark.parametrize(
    ("roles", "shared", "expected"),
    [
        ([Role.MEMBER], False, HIDDEN),
        ([Role.MEMBER], True, Sight.ALL),
        ([Role.FINANCE], False, Sight.MONEY),
        ([Role.FINANCE], True, Sight.MONEY),
        ([Role.MEMBER, Role.FINANCE], False, Sight.MONEY),
        ([Role.MEMBER, Role.FINANCE], True, Sight.ALL),
        ([Role.ADMIN], False, Sight.NUMBER),
        ([Role.ADMIN], True, Sight.ALL),
        ([Role.ADMIN, Role.FINANCE], False, Sight.NUMBER),
        ([Role.MEMBER, Role.ADMIN, Role.FINANCE], False, Sight.NUMBER),
    ],
)
def test_of_anothers_rental(
    world: World, roles: list[Role], shared: bool, expected: Sight | None
) -> None:
    world.team.shares_board = shared
    world.team.save()
    viewer = make_member(world.team, *roles)
    assert seen(viewer, make_rental(world.member, world.gig)) == expected


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([Role.MEMBER], Sight.ALL),
        ([Role.ADMIN], Sight.ALL),
        ([Role.MEMBER, Role.FINANCE], Sight.ALL),
        ([Role.FINANCE], Sight.MONEY),
    ],
)
def test_of_their_own_rental(world: World, roles: list[Role], expected: Sight) -> None:
    viewer = make_member(world.team, *roles)
    assert seen(viewer, make_rental(viewer, world.gig)) == expected


def test_of_another_teams_rental(world: World) -> None:
    assert seen(world.stranger, make_rental(world.member, world.gig)) is HIDDEN


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(
    "roles", [[Role.MEMBER], [Role.FINANCE], [Role.ADMIN], [Role.MEMBER, Role.FINANCE]]
)
def test_a_search_by_number_reaches_what_the_number_is_shown_of(
    world: World, roles: list[Role], shared: bool
) -> None:
    world.team.shares_board = shared
    world.team.save()
    viewer = make_member(world.team, *roles)
    rentals = [make_rental(who, world.gig) for who in (viewer, world.member)]
    searchable = visible_rentals(viewer).filter(with_number(viewer))
    for rental in rentals:
        shown = seen(viewer, rental) in (Sight.NUMBER, Sight.ALL)
        assert searchable.filter(pk=rental.pk).exists() == shown


def test_only_its_member_and_admins_control_a_rental(world: World) -> None:
    world.team.shares_board = True
    world.team.save()
    rental = make_rental(world.member, world.gig)
    assert may_control(world.member, rental)
    assert may_control(world.admin, rental)
    assert not may_control(world.colleague, rental)
    assert not may_control(world.finance, rental)
