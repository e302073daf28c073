"""What a wallet holds by the book: one read of balance rows, however many transfers there are."""

from dataclasses import dataclass
from decimal import Decimal

from ledger.book.prepared import prepared_cursor

_READ = """
    SELECT account.kind,
        balance.debits_posted - balance.credits_posted,
        balance.debits_pending,
        balance.credits_pending
    FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.wallet_id = %s
"""


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """`posted`: what the provider should say. `held`: set aside by rentals without an outcome.

    `net` gives every account's debits less credits by its kind; together they are 0.
    """

    posted: Decimal
    held: Decimal
    net: dict[str, Decimal]

    @property
    def available(self) -> Decimal:
        return self.posted - self.held


def wallet_balance(wallet_id: int) -> WalletBalance | None:
    """The balances now, None where the wallet has no book."""
    with prepared_cursor() as cursor:
        cursor.execute(_READ, [wallet_id])
        rows = {kind: (net, out) for kind, net, _, out in cursor.fetchall()}
    if not rows:
        return None
    posted, held = rows["wallet"]
    return WalletBalance(posted, held, {kind: net for kind, (net, _) in rows.items()})
