"""What rentals cost by the book: what was charged, what came back, and what is still set aside.

Everything is in the wallets' own currencies, which are never added to each other. A refund counts
for the day of its purchase, a charge for the day on which its rental was asked for.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection
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

MONEY: Final["DecimalField[Any, Any]"] = DecimalField(max_digits=18, decimal_places=4)
NOTHING: Final = Decimal(0)
# The same as `charged` and `refunded`, for all rentals of a team at once. What was given up stays
# a cost; what is on no book, because it is from before there was one, counts by its own row.
_MONTHS: Final = """
    SELECT date_trunc('month', r.day)::date, r.currency, count(*),
        sum(coalesce(booked.net + coalesce(refund.received, 0), r.charged, 0)),
        coalesce(sum(refund.received), 0),
        sum(r.held)
    FROM rentals_rental r
    LEFT JOIN (
        SELECT t.wallet_id, t.reference,
            sum(CASE WHEN t.debit_id = spend.id THEN t.amount ELSE -t.amount END) AS net
        FROM accounts_provideraccount wallet
        JOIN ledger_account spend ON spend.wallet_id = wallet.id AND spend.kind = 'spend'
        JOIN ledger_transfer t
            ON t.wallet_id = wallet.id AND spend.id IN (t.debit_id, t.credit_id)
        WHERE wallet.team_id = %(team)s
            AND t.phase IN ('posted', 'post') AND t.kind <> 'write_off' AND t.reference <> ''
        GROUP BY t.wallet_id, t.reference
    ) booked ON booked.wallet_id = r.account_id AND booked.reference = %(prefix)s || r.id
    LEFT JOIN ledger_refund refund
        ON refund.wallet_id = r.account_id AND refund.reference = %(prefix)s || r.id
    WHERE r.team_id = %(team)s AND (%(member)s::bigint IS NULL OR r.member_id = %(member)s)
    GROUP BY 1, 2
    ORDER BY 1 DESC, 2
"""


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
    values = {"team": team_id, "member": member_id, "prefix": money.PREFIX}
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, values)
        rows = cursor.fetchall()
    return [
        Spend(month, currency, count, charged, refunded, held)
        for month, currency, count, charged, refunded, held in rows
    ]


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
