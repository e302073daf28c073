"""Rows of the ledger to begin a page's test with, booked as the ledger itself books them."""

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import ProviderAccount
from ledger import book
from ledger.book import Entry
from ledger.days import team_day
from ledger.models import ReconciliationException, Refund, StatementRow, Transfer
from ledger.operations.exceptions import Report, report
from ledger.operations.refunds import Claim, claim
from ledger.states import AccountKind, ExceptionKind, Phase, RefundCause, RowKind, TransferKind
from tests.factories import make_provider_account, make_team

_numbers = itertools.count(1)

SIDES = {
    TransferKind.DEPOSIT: (AccountKind.WALLET, AccountKind.FUNDING),
    TransferKind.PURCHASE: (AccountKind.SPEND, AccountKind.WALLET),
    TransferKind.REFUND: (AccountKind.WALLET, AccountKind.SPEND),
}


def make_wallet(
    provider: str = "smsgig",
    *,
    balance: str = "100",
    at: datetime | None = None,
    account: ProviderAccount | None = None,
) -> ProviderAccount:
    """A provider account whose book was opened with `balance` at `at`."""
    wallet = account or make_provider_account(make_team(), provider)
    book.open_book(wallet, balance=Decimal(balance), cut_over_at=at or timezone.now())
    return wallet


def make_transfer(
    wallet: ProviderAccount,
    kind: TransferKind = TransferKind.PURCHASE,
    amount: str = "0.45",
    *,
    at: datetime | None = None,
    **fields: Any,
) -> Transfer:
    number, at = next(_numbers), at or timezone.now()
    debit, credit = SIDES[kind]
    given: dict[str, Any] = {
        "key": f"test:{number}",
        "wallet_id": wallet.pk,
        "debit": debit,
        "credit": credit,
        "amount": Decimal(amount),
        "kind": kind,
        "occurred_at": at,
        "booked_on": team_day(wallet.team, at),
        "service": "Airmail",
        "reference": f"rental:{number}",
        "external_id": str(10_000 + number),
    }
    return Transfer.objects.get(pk=book.post(Entry(**given | fields)))


def make_hold(wallet: ProviderAccount, amount: str = "0.45", **fields: Any) -> Transfer:
    return make_transfer(wallet, amount=amount, phase=Phase.PENDING, external_id="", **fields)


def make_refund(
    wallet: ProviderAccount,
    charged: str = "0.45",
    *,
    at: datetime | None = None,
    reference: str = "",
    queued: bool = False,
    cause: RefundCause = RefundCause.CANCELLED,
) -> Refund:
    """A claim for a rental that was charged `charged`."""
    at = at or timezone.now()
    charge = make_transfer(wallet, amount=charged, at=at)
    wanted = Claim(
        wallet=wallet,
        reference=reference or charge.reference,
        cause=cause,
        charged=Decimal(charged),
        day=charge.day,
        external_id=charge.external_id,
        service="Airmail",
        queued=queued,
    )
    return claim(wanted, now=at)


def make_row(
    wallet: ProviderAccount, kind: RowKind = RowKind.PURCHASE, amount: str = "0.45", **fields: Any
) -> StatementRow:
    number, now = next(_numbers), timezone.now()
    given = {
        "provider_id": str(number),
        "kind": kind,
        "kind_raw": str(kind),
        "amount": Decimal(amount),
        "description": f"{kind.label} for Airmail rental #{number}",
        "occurred_at": now - timedelta(minutes=5),
        "first_seen_at": now,
    }
    return StatementRow.objects.create(wallet=wallet, **given | fields)


def make_exception(
    wallet: ProviderAccount,
    amount: str = "-0.45",
    kind: ExceptionKind = ExceptionKind.OUTSIDE_PURCHASE,
    *,
    row: StatementRow | None = None,
    at: datetime | None = None,
    reference: str = "",
    key: str = "",
) -> ReconciliationException:
    """Something for the queue, its money in suspense."""
    number, at = next(_numbers), at or timezone.now()
    finding = Report(
        key=key or f"test:{number}",
        kind=kind,
        occurred_at=at,
        amount=Decimal(amount),
        row=row,
        reference=reference,
        detail="Nothing of ours fits it.",
    )
    assert report(wallet, finding, now=at)
    return ReconciliationException.objects.latest("pk")


def net(wallet: ProviderAccount) -> dict[str, Decimal]:
    """What each account of the wallet's book holds, without those that hold nothing."""
    balance = book.wallet_balance(wallet.pk)
    assert balance is not None
    return {kind: amount for kind, amount in balance.net.items() if amount}
