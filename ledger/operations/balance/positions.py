"""Where a wallet's book stands, to be compared with what the provider says."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from ledger.models import Balance, Transfer
from ledger.states import AccountKind, Phase

_READ = """
    SELECT balance.debits_posted, balance.credits_posted,
        (SELECT coalesce(max(id), 0) FROM ledger_transfer
            WHERE wallet_id = account.wallet_id)
    FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.wallet_id = %s AND account.kind = 'wallet'
"""


@dataclass(frozen=True, slots=True)
class Position:
    """All that the book has seen come in and go out, up to its transfer `last`."""

    debits: Decimal
    credits: Decimal
    last: int

    @property
    def posted(self) -> Decimal:
        return self.debits - self.credits


def position(wallet_id: int) -> Position | None:
    """The book now, in one look; None where the wallet has none."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [wallet_id])
        row = cursor.fetchone()
    return None if row is None else Position(*row)


def lock_balances(wallet_id: int) -> None:
    """Let nobody book with the wallet until the transaction ends; in the order in which all do."""
    balances = Balance.objects.select_for_update(no_key=True, of=("self",))
    list(balances.filter(account__wallet=wallet_id).order_by("account_id"))


def has_moved(wallet_id: int, since: Position, *, except_for: Collection[str]) -> bool:
    """Whether anything came in or went out since, but for the bookings of these references.

    What was committed out of order counts as moved: then the balance is read again.
    """
    now = position(wallet_id)
    if now is None:
        return True
    came = _sum(wallet_id, since, "debit", except_for)
    went = _sum(wallet_id, since, "credit", except_for)
    return (now.debits - since.debits, now.credits - since.credits) != (came, went)


def _sum(wallet_id: int, since: Position, side: str, references: Collection[str]) -> Decimal:
    booked = Transfer.objects.filter(
        wallet=wallet_id,
        pk__gt=since.last,
        phase__in=[Phase.POSTED, Phase.POST],
        reference__in=references,
        **{f"{side}__kind": AccountKind.WALLET},
    )
    return booked.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
