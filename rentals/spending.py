"""What rentals cost by the book: what was charged, what came back, and what is still set aside.

Everything is in the wallets' own currencies, which are never added to each other. A refund counts
for the day of its purchase, a charge for the day on which its rental was asked for.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    OuterRef,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat

from ledger.models import Refund, Transfer
from ledger.states import AccountKind, Phase, TransferKind
from rentals import money
from rentals.models import Rental
from rentals.models.rentals import RentalQuerySet
from rentals.spend.periods import EARLIEST, LATEST, Period
from rentals.spend.reading import Narrowed, Part, read

MONEY: Final["DecimalField[Any, Any]"] = DecimalField(max_digits=18, decimal_places=4)
NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Spend:
    """What the rentals of one month and one currency cost."""

    month: date
    currency: str
    rentals: int
    charged: Decimal
    refunded: Decimal
    held: Decimal

    @property
    def net(self) -> Decimal:
        return self.charged - self.refunded


def by_month(team_id: int, member_id: int | None = None) -> list[Spend]:
    """The team's months, or one member's, newest first: a line for each currency."""
    ever = Period(EARLIEST, LATEST)
    lines = read(Narrowed(team_id, member=member_id), [Part("months", ever, step="month")])
    months = [
        Spend(
            line.day,
            line.currency,
            line.sum.rentals,
            line.sum.charged,
            line.sum.refunded,
            line.sum.held,
        )
        for line in lines["months"]
        if line.day is not None
    ]
    by_currency = sorted(months, key=lambda month: month.currency)
    return sorted(by_currency, key=lambda month: month.month, reverse=True)


def with_money(rentals: RentalQuerySet) -> RentalQuerySet:
    """With `net` (None where nothing is booked), and `refunded`, `refund` (its id) and
    `refund_state`, for as many rentals as there are in the same query."""
    refund = Refund.objects.filter(wallet=OuterRef("account"), reference=_reference())
    return rentals.annotate(
        net=_net(),
        refunded=Subquery(refund.values("received"), output_field=MONEY),
        refund=Subquery(refund.values("pk")),
        refund_state=Subquery(refund.values("state")),
    )


def charged(rental: Rental) -> Decimal | None:
    """What a rental of `with_money` was charged by the book; before there was one, by its row."""
    net: Decimal | None = getattr(rental, "net", None)
    return rental.charged if net is None else net + refunded(rental)


def refunded(rental: Rental) -> Decimal:
    """What came back for a rental of `with_money`."""
    return getattr(rental, "refunded", None) or NOTHING


def _reference() -> Concat:
    return Concat(Value(money.PREFIX), Cast(OuterRef("pk"), CharField()))


def _net() -> Subquery:
    spent = Case(
        When(debit__kind=AccountKind.SPEND, then=F("amount")),
        When(credit__kind=AccountKind.SPEND, then=-F("amount")),
        default=Value(NOTHING),
        output_field=MONEY,
    )
    booked = Transfer.objects.filter(
        wallet=OuterRef("account"),
        reference=_reference(),
        phase__in=(Phase.POSTED, Phase.POST),
    ).exclude(kind=TransferKind.WRITE_OFF)
    sums = booked.order_by().values("reference").annotate(net=Sum(spent))
    return Subquery(sums.values("net"), output_field=MONEY)
