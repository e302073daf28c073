"""A team whose wallets have a few months behind them, with something of every kind open."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import ProviderAccount, Team, User
from ledger.models import Reconciliation, ReconciliationException, Refund, Snapshot, StatementRow
from ledger.models.runs import Step
from ledger.operations.months import close_month
from ledger.operations.rates import Rate, enter_rate
from ledger.operations.refunds import land
from ledger.operations.resolving import assign, resolve
from ledger.operations.writing_off import write_off
from ledger.queries.months import first_months, following
from ledger.states import ExceptionKind, Resolution, RowKind, TransferKind
from tests.factories import make_provider_account
from tests.ledger.pages.making import (
    make_exception,
    make_hold,
    make_refund,
    make_row,
    make_transfer,
    make_wallet,
)

SERVICES = ("WhatsApp", "Telegram", "Google / Gmail", "eBay", "Airmail", "Uber")


@dataclass(frozen=True)
class Populated:
    team: Team
    finance: User
    gig: ProviderAccount
    villa: ProviderAccount
    exception: ReconciliationException
    refund: Refund
    closed: datetime


def populate(team: Team, finance: User, *, rentals: int = 90) -> Populated:
    now = timezone.now()
    start = (now - timedelta(days=95)).replace(hour=9)
    gig = make_wallet(account=make_provider_account(team, "smsgig", label="Main"), at=start)
    villa = make_provider_account(team, "smsvilla", label="Lagos")
    make_wallet(account=villa, balance="48000", at=start)
    _days(gig, start, now, rentals, "0.45")
    _days(villa, start, now, rentals // 3, "710.50")
    for wallet in (gig, villa):
        _read(wallet, now)
    rate = Rate(day=start.date(), currency="NGN", into="USD", rate=Decimal("0.000652"))
    enter_rate(team=team, wanted=rate, actor=finance, now=now)
    refund = _refunds(gig, finance, now)
    _refunds(villa, finance, now)
    exception = _exceptions(gig, finance, now)
    make_exception(villa, "-710.50", ExceptionKind.DRIFT, at=now - timedelta(days=1))
    make_hold(gig, service="Telegram", at=now - timedelta(minutes=40))
    first = first_months([gig])[gig.pk]
    close_month(wallet=gig, first=first, actor=finance, now=now)
    assert following(first) <= now.date()
    closed = datetime.combine(first, now.time())
    return Populated(team, finance, gig, villa, exception, refund, closed)


def _days(wallet: ProviderAccount, start: datetime, now: datetime, count: int, price: str) -> None:
    step = (now - start) / (count + 1)
    for number, service in zip(range(1, count + 1), itertools.cycle(SERVICES)):
        at = start + number * step
        make_transfer(wallet, amount=price, at=at, service=service)
        if number % 7 == 0:
            make_transfer(wallet, TransferKind.REFUND, price, at=at, service=service)
        if number % 40 == 0:
            deposit = str(Decimal(price) * 40)
            make_transfer(
                wallet,
                TransferKind.DEPOSIT,
                deposit,
                at=at,
                reference="",
                service="",
                external_id="",
                reason="Bank transfer 2231",
            )


def _read(wallet: ProviderAccount, now: datetime) -> None:
    Snapshot.objects.create(
        wallet=wallet,
        asked_at=now,
        answered_at=now - timedelta(minutes=4),
        ledger=Decimal("80"),
        provider=Decimal("79.55"),
        drift=Decimal("-0.45"),
        quiet=True,
    )
    Reconciliation.objects.create(
        wallet=wallet,
        asked_at=now - timedelta(minutes=5),
        started_at=now,
        step=Step.DONE,
        finished_at=now - timedelta(minutes=4),
        rows_total=412,
        rows_read=412,
        rows_new=6,
        matched=5,
        opened=1,
        complete=True,
    )


def _refunds(wallet: ProviderAccount, finance: User, now: datetime) -> Refund:
    price = "0.45" if wallet.currency == "USD" else "710.50"
    overdue = make_refund(wallet, price, at=now - timedelta(days=5))
    make_refund(wallet, price, at=now, queued=True)
    short = make_refund(wallet, price, at=now - timedelta(days=2))
    some = (Decimal(price) / 2).quantize(Decimal("0.01"))
    land(short, some, key=f"row:{short.pk}:test", occurred_at=now, now=now)
    paid = make_refund(wallet, price, at=now - timedelta(days=3))
    land(paid, Decimal(price), key=f"row:{paid.pk}:test", occurred_at=now, now=now)
    lost = make_refund(wallet, price, at=now - timedelta(days=9))
    write_off(refund=lost, reason="The provider says no.", actor=finance, now=now)
    return overdue


def _exceptions(wallet: ProviderAccount, finance: User, now: datetime) -> ReconciliationException:
    refunded = make_row(wallet, RowKind.REFUND, description="Refund for Airmail rental #503")
    found = make_exception(wallet, "0.45", ExceptionKind.OUTSIDE_REFUND, row=refunded, at=now)
    for number in (504, 505):
        row = make_row(wallet, RowKind.REFUND, description=f"Refund for eBay rental #{number}")
        make_exception(wallet, "0.45", ExceptionKind.OUTSIDE_REFUND, row=row, at=now)
    bought = make_row(wallet, description="Purchase of Google / Gmail rental #511")
    taken = make_exception(wallet, "-0.45", row=bought, at=now - timedelta(days=2))
    assign(exception=taken, to=finance, actor=finance)
    changed = make_row(wallet, RowKind.DEPOSIT, "25", description="Deposit")
    _changed(changed, now)
    make_exception(wallet, "0", ExceptionKind.CHANGED_ROW, row=changed, at=now)
    known = make_exception(wallet, "-1.20", at=now - timedelta(days=4))
    resolve(
        exception=known,
        outcome=Resolution.OUTSIDE,
        reason="Tried out by hand in their dashboard.",
        actor=finance,
        now=now,
    )
    return found


def _changed(row: StatementRow, now: datetime) -> None:
    row.versions.create(
        seen_at=now, kind_raw="deposit", amount=Decimal("25.50"), description="Deposit (card)"
    )
