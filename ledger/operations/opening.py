"""A wallet from before there were books gets one when the first cent of it is booked."""

from datetime import datetime
from decimal import Decimal

from accounts.models import ProviderAccount
from ledger.book import open_book


def open_late(wallet: ProviderAccount, now: datetime) -> None:
    """Begin the book with the last balance that was read, and when it was read.

    What the provider did since then is the book's: it is on the statement, or in the next balance.
    Where none was ever read the book begins with nothing, now.
    """
    last = ProviderAccount.objects.values_list("balance", "balance_read_at")
    balance, read_at = last.get(pk=wallet.pk)  # together, as they are now
    open_book(wallet, balance=balance or Decimal(0), cut_over_at=read_at or now)
