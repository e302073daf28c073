"""The ledger's part of the world: something to look at and to do on each of its pages."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import ProviderAccount, User
from ledger.days import team_day
from ledger.models import ReconciliationException
from ledger.operations.deposits import record_deposit
from ledger.operations.rates import Rate, enter_rate
from ledger.operations.resolving import resolve
from ledger.operations.statement.matches import match_row
from ledger.queries.months import first_months
from ledger.states import ExceptionKind, Resolution, RowKind
from tests.ledger.pages.making import (
    make_exception,
    make_row,
    make_transfer,
    make_wallet,
)

WHY = {"reason": "It is known."}


@dataclass(frozen=True)
class Books:
    """`matched` is resolved by a match, `resolved` by a person's word; the month can be closed."""

    account: ProviderAccount
    finance: User
    open: ReconciliationException
    resolved: ReconciliationException
    matched: ReconciliationException
    month: date
    candidate: int
    deposit: int
    rate: int


def make_books(account: ProviderAccount, finance: User) -> Books:
    now = timezone.now()
    make_wallet(account=account, at=now - timedelta(days=70))
    charge = make_transfer(account, at=now)
    opened = make_exception(account, row=make_row(account))
    resolved = make_exception(account, "-1", ExceptionKind.DRIFT)
    resolve(exception=resolved, outcome=Resolution.OUTSIDE, reason="Known.", actor=finance, now=now)
    return Books(
        account=account,
        finance=finance,
        open=opened,
        resolved=resolved,
        matched=_matched(account, finance),
        month=first_months([account])[account.pk],
        candidate=charge.pk,
        deposit=_deposit(account, finance),
        rate=_rate(account, finance),
    )


def _matched(account: ProviderAccount, finance: User) -> ReconciliationException:
    row = make_row(account, RowKind.PURCHASE)
    charge = make_transfer(account, amount="0.45")
    exception = make_exception(account, row=row)
    match_row(row=row, transfer=charge, actor=finance, reason="Ours.", now=timezone.now())
    exception.refresh_from_db()
    assert exception.resolution == Resolution.MATCHED
    return exception


def _deposit(account: ProviderAccount, finance: User) -> int:
    now = timezone.now()
    booked = record_deposit(
        wallet=account,
        amount=Decimal(7),
        day=team_day(account.team, now),
        actor=finance,
        reason="Bank.",
        now=now,
    )
    return booked.pk


def _rate(account: ProviderAccount, finance: User) -> int:
    now = timezone.now()
    rate = Rate(day=team_day(account.team, now), currency="EUR", into="GBP", rate=Decimal("0.8"))
    enter_rate(team=account.team, wanted=rate, actor=finance, now=now)
    return account.team.exchange_rates.get().pk


def addresses(books: Books, name: str) -> dict[str, Any]:
    if name in ("wallet_detail", "statement_export", "wallet_reconcile", "reconciliation"):
        return {"wallet": books.account.pk}
    if name == "deposit_create":
        return {"wallet": books.account.pk}
    if name == "deposit_take_back":
        return {"wallet": books.account.pk, "deposit": books.deposit}
    if name == "rate_correct":
        return {"rate": books.rate}
    if name in ("month_detail", "month_close"):
        return {"wallet": books.account.pk, "first": books.month}
    if name == "exception_reopen":
        return {"exception": books.resolved.pk}
    if name == "exception_unmatch":
        return {"exception": books.matched.pk}
    if name.startswith("exception_") and name not in ("exception_list", "exception_export"):
        return {"exception": books.open.pk}
    return {}


def forms(books: Books) -> dict[str, dict[str, Any]]:
    today = timezone.now().date()
    rate = {"day": today, "currency": "NGN", "into": "USD", "rate": "0.000652"}
    lines = f"day,currency,into,rate\n{today},EUR,USD,1.08\n"
    return {
        "deposit_create": {"amount": Decimal("5"), "day": today, **WHY},
        "deposit_take_back": WHY,
        "refund_write_off": WHY,
        "refund_take_back": WHY,
        "exception_assign": {"to": books.finance.pk},
        "exception_resolve": {"outcome": "outside", **WHY},
        "exception_reopen": WHY,
        "exception_match": {"claim": f"transfer:{books.candidate}", **WHY},
        "exception_unmatch": WHY,
        "month_close": {},
        "rate_create": rate,
        "rate_correct": {"rate": "0.86", **WHY},
        "rate_import": {"file": SimpleUploadedFile("rates.csv", lines.encode())},
    }
