"""A wallet's book is opened: its accounts, and what it held at the cut-over."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import ProviderAccount
from ledger.book.entries import Entry
from ledger.book.posting import post
from ledger.days import team_day
from ledger.models import Account, Book
from ledger.states import AccountKind, TransferKind


def open_book(wallet: ProviderAccount, *, balance: Decimal, cut_over_at: datetime) -> bool:
    """Open the book with what the wallet holds at `cut_over_at`; False where it is open already."""
    with transaction.atomic():
        _, is_new = Book.objects.get_or_create(wallet=wallet, defaults={"cut_over_at": cut_over_at})
        if not is_new:
            return False
        Account.objects.bulk_create(
            Account(wallet=wallet, kind=kind, currency=wallet.currency) for kind in AccountKind
        )
        if balance:
            post(_opening(wallet, balance, cut_over_at))
    return True


def _opening(wallet: ProviderAccount, balance: Decimal, at: datetime) -> Entry:
    sides = (AccountKind.WALLET, AccountKind.FUNDING)
    debit, credit = sides if balance > 0 else sides[::-1]
    return Entry(
        key=f"wallet:{wallet.pk}:opening",
        wallet_id=wallet.pk,
        debit=debit,
        credit=credit,
        amount=abs(balance),
        kind=TransferKind.OPENING,
        occurred_at=at,
        booked_on=team_day(wallet.team, at),
    )
