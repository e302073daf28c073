"""The only writer of transfers. Everything else in the ledger says what to book, and why."""

from ledger.book.balances import WalletBalance, wallet_balance
from ledger.book.entries import Entry
from ledger.book.opening import open_book
from ledger.book.posting import (
    AlreadyResolved,
    BookNotOpen,
    KeyReused,
    MonthClosed,
    post,
    post_all,
)

__all__ = [
    "AlreadyResolved",
    "BookNotOpen",
    "Entry",
    "KeyReused",
    "MonthClosed",
    "WalletBalance",
    "open_book",
    "post",
    "post_all",
    "wallet_balance",
]
