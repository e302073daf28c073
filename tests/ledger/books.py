"""Books to begin a test with, and a look at everything that the ledger holds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection

from accounts.models import ProviderAccount
from ledger import book
from ledger.book import Entry
from ledger.models import Account
from ledger.states import AccountKind, Phase, TransferKind
from tests.accounts.making import make_provider_account, make_team

NOW = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)
TODAY = date(2026, 3, 17)


def opened(balance: str = "50", provider: str = "smsgig") -> ProviderAccount:
    """A wallet whose book begins with `balance`."""
    wallet = make_provider_account(make_team(), provider)
    book.open_book(wallet, balance=Decimal(balance), cut_over_at=NOW)
    return wallet


def purchase(wallet: ProviderAccount, key: str, amount: str, **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "key": key,
        "wallet_id": wallet.pk,
        "debit": AccountKind.SPEND,
        "credit": AccountKind.WALLET,
        "amount": Decimal(amount),
        "kind": TransferKind.PURCHASE,
        "occurred_at": NOW,
        "booked_on": TODAY,
    }
    return Entry(**given | fields)


def pending(wallet: ProviderAccount, key: str, amount: str) -> int:
    """Hold `amount`; gives the transfer's id."""
    return book.post(purchase(wallet, key, amount, phase=Phase.PENDING))


def account_of(wallet: ProviderAccount, kind: AccountKind) -> Account:
    return Account.objects.get(wallet=wallet, kind=kind)


def amounts(wallet: ProviderAccount) -> tuple[Decimal | int, Decimal | int]:
    """What is posted and what is held."""
    balance = book.wallet_balance(wallet.pk)
    assert balance is not None
    return balance.posted, balance.held


def everything() -> dict[str, list[str] | None]:
    """All rows of each table of the ledger, as text."""
    tables = sorted(model._meta.db_table for model in apps.get_app_config("ledger").get_models())
    with connection.cursor() as cursor:
        found: dict[str, list[str] | None] = {}
        for table in tables:
            cursor.execute(f"SELECT array_agg(r::text ORDER BY r::text) FROM {table} r")  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return found
