"""A team with somebody in each role, and an account at each provider."""

from dataclasses import dataclass

import pytest

from accounts.models import Membership, ProviderAccount, Team
from accounts.states import Role
from tests.factories import make_member, make_provider_account, make_team


@dataclass
class World:
    team: Team
    member: Membership
    colleague: Membership
    admin: Membership
    finance: Membership
    stranger: Membership
    gig: ProviderAccount
    villa: ProviderAccount


@pytest.fixture
def world(db: None) -> World:
    team = make_team()
    return World(
        team=team,
        member=make_member(team, Role.MEMBER),
        colleague=make_member(team, Role.MEMBER),
        admin=make_member(team, Role.ADMIN),
        finance=make_member(team, Role.FINANCE),
        stranger=make_member(make_team(), Role.MEMBER, Role.ADMIN, Role.FINANCE),
        gig=make_provider_account(team, "smsgig"),
        villa=make_provider_account(team, "smsvilla"),
    )
