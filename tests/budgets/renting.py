"""A team that rents, and what may be said of the time at which it does."""

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import Membership, ProviderAccount, Team, User
from accounts.states import Role
from ledger.models import ExchangeRate
from rentals.models import Budget, Offer, Rental
from rentals.operations import request_rental
from tests.factories import make_budget, make_member, make_offer, make_provider_account, make_team

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)  # a Wednesday
PRICE = Decimal("0.45")

_names = itertools.count(1)


@dataclass
class House:
    """`gig` is paid in USD, which everything is told in; `villa` in NGN."""

    team: Team
    member: Membership
    admin: Membership
    gig: ProviderAccount
    villa: ProviderAccount
    offers: dict[str, Offer] = field(default_factory=dict)

    def rent(
        self,
        by: Membership | None = None,
        *,
        price: Decimal | str = PRICE,
        account: ProviderAccount | None = None,
        at: datetime = NOW,
        **wishes: Any,
    ) -> Rental:
        offer = make_offer(account or self.gig, f"Offer {next(_names)}", price=Decimal(price))
        return request_rental(
            membership=by or self.member, offer=offer, request_key=uuid.uuid4(), now=at, **wishes
        )

    def budget(self, amount: str = "1", **fields: Any) -> Budget:
        return make_budget(self.team, self.admin.user, amount, **fields)


def make_house(**team: Any) -> House:
    made = make_team(**team)
    return House(
        team=made,
        member=make_member(made, Role.MEMBER),
        admin=make_member(made, Role.ADMIN),
        gig=make_provider_account(made, "smsgig"),
        villa=make_provider_account(made, "smsvilla"),
    )


def enter_rate(team: Team, by: User, day: date, rate: str, currency: str = "NGN") -> None:
    ExchangeRate.objects.create(
        team=team,
        currency=currency,
        into=team.reporting_currency,
        day=day,
        rate=Decimal(rate),
        entered_at=NOW,
        entered_by=by,
    )
