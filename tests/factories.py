"""Rows of rentals to begin a test with: plain functions, every field can be given by name."""

import itertools
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Membership, ProviderAccount, Team, User
from ledger.days import team_day
from ledger.models import Refund
from ledger.operations import holds, refunds
from ledger.states import RefundCause
from providers import values
from rentals.causes import Cause
from rentals.models import Budget, Message, Offer, Rental, RentalEvent
from rentals.operations.receiving import content_hash
from rentals.states import (
    LIVE,
    OPEN,
    BudgetCounts,
    BudgetPeriod,
    BudgetScope,
    RentalState,
    Source,
)
from tests.accounts.making import (
    PASSWORD,
    add_key,
    make_member,
    make_provider_account,
    make_team,
    make_user,
)

__all__ = [
    "PASSWORD",
    "add_key",
    "make_budget",
    "make_member",
    "make_message",
    "make_offer",
    "make_provider_account",
    "make_refund",
    "make_rental",
    "make_team",
    "make_user",
]

TTL = 1200  # seconds
HAS_NUMBER = OPEN | {RentalState.FINISHED, RentalState.CANCELLED, RentalState.EXPIRED}

_numbers = itertools.count(1)


def make_offer(account: ProviderAccount, name: str = "", **fields: Any) -> Offer:
    number = next(_numbers)
    given = {
        "service_code": f"service-{number}",
        "name": name or f"Service {number}",
        "price": Decimal("0.45"),
        "ttl": TTL,
        "stock": 100,
        "read_at": timezone.now(),
    }
    return Offer.objects.create(account=account, **given | fields)


def make_budget(team: Team, by: User, amount: str = "5", **fields: Any) -> Budget:
    """Of the whole team a month, in its reporting currency, unless said otherwise."""
    given: dict[str, Any] = {
        "scope": BudgetScope.TEAM,
        "period": BudgetPeriod.MONTH,
        "counts": BudgetCounts.ALL,
        "currency": team.reporting_currency,
        "amount": Decimal(amount),
        "active_from": date(2020, 1, 1),
        "created_at": timezone.now(),
        "created_by": by,
    }
    return Budget.objects.create(team=team, **given | fields)


def make_rental(
    membership: Membership,
    account: ProviderAccount,
    state: RentalState = RentalState.WAITING,
    *,
    at: datetime | None = None,
    **fields: Any,
) -> Rental:
    """A rental that came to be in `state` by itself, requested at `at`, with a first event."""
    at = at or timezone.now() - timedelta(minutes=2)
    number = next(_numbers)
    given: dict[str, Any] = {
        "service_code": "whatever",
        "service_name": f"Service {number}",
        "state": state,
        "currency": account.currency,
        "price": Decimal("0.45"),
        "ttl": TTL,
        "requested_at": at,
        "day": team_day(membership.team, at),
        "request_key": uuid.uuid4(),
    }
    if state in HAS_NUMBER:
        given |= _with_number(number, at)
    elif state != RentalState.REFUSED:
        given |= {"held": Decimal("0.45"), "sent_at": at}
    if state not in LIVE:
        given["ended_at"] = at + timedelta(minutes=1)
    rental = Rental.objects.create(
        team=membership.team, member=membership.user, account=account, **given | fields
    )
    RentalEvent.objects.create(
        rental=rental,
        at=at,
        actor=membership.user,
        to_state=RentalState.REQUESTED,
        cause=Cause.REQUESTED,
    )
    return rental


def _with_number(number: int, at: datetime) -> dict[str, Any]:
    phone = f"+1202555{100 + number % 100:04d}"
    return {
        "charged": Decimal("0.45"),
        "activation_id": f"{10_000_000 + number}",
        "phone_raw": phone.removeprefix("+"),
        "phone_e164": phone,
        "sent_at": at,
        "started_at": at,
        "expires_at": at + timedelta(seconds=TTL),
    }


def make_refund(
    rental: Rental, cause: RefundCause = RefundCause.CANCELLED, **wanted: Any
) -> Refund:
    """A claim for what a rental was charged, which is on its wallet's book by then."""
    purchase = holds.Purchase(
        wallet=rental.account,
        reference=f"rental:{rental.pk}",
        service=rental.service_name,
        day=rental.day,
        external_id=rental.activation_id,
    )
    charged, at = rental.charged or rental.price, rental.requested_at
    holds.hold(purchase, rental.price, now=at)
    holds.charge(purchase, charged, now=at, occurred_at=at)
    claim = refunds.Claim(
        wallet=rental.account,
        reference=purchase.reference,
        service=purchase.service,
        external_id=purchase.external_id,
        cause=cause,
        charged=charged,
        day=rental.day,
        **wanted,
    )
    return refunds.claim(claim, now=at)


def make_message(rental: Rental, code: str = "482913", **fields: Any) -> Message:
    text = fields.pop("text", f"Your {rental.service_name} code is {code}")
    given = {
        "provider_id": f"msg-{next(_numbers)}",
        "content_hash": content_hash(values.Message(code=code, text=text)),
        "code": code,
        "text": text,
        "source": Source.POLL,
        "seen_at": timezone.now(),
        "confirmed_at": timezone.now(),
    }
    return Message.objects.create(rental=rental, **given | fields)
