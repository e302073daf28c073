"""Finance at its pages, and those who may look or may not."""

from dataclasses import dataclass

import pytest

from accounts.models import Membership, ProviderAccount, Team
from accounts.states import Role
from tests.factories import make_member, make_provider_account, make_team
from tests.ledger.pages.making import make_wallet


@dataclass
class Desk:
    team: Team
    finance: Membership
    colleague: Membership
    admin: Membership
    member: Membership
    gig: ProviderAccount
    villa: ProviderAccount


@pytest.fixture
def desk(db: None) -> Desk:
    team = make_team()
    return Desk(
        team=team,
        finance=make_member(team, Role.FINANCE),
        colleague=make_member(team, Role.FINANCE),
        admin=make_member(team, Role.ADMIN),
        member=make_member(team, Role.MEMBER),
        gig=make_wallet(account=make_provider_account(team, "smsgig", label="Main")),
        villa=make_wallet(account=make_provider_account(team, "smsvilla", label="Lagos")),
    )
