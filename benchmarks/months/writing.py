"""The portal's side of a day, written straight into the ledger's tables."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import count

from django.db import connection

from accounts.models import ProviderAccount, Team
from benchmarks.months.truth import BEGINS, Day, Rented, Row
from ledger.book import Entry, open_book, post_all
from ledger.models import Finding, Refund, StatementRow
from ledger.operations import holds
from ledger.operations.holds import Purchase
from ledger.operations.refunds import Claim, due_within, expected
from ledger.states import AccountKind, FindingKind, Phase, RefundCause, RefundState, TransferKind

_wallets = count(1)


def new_wallet() -> ProviderAccount:
    number = next(_wallets)
    team = Team.objects.create(name=f"Months {number}", slug=f"months-{number}")
    wallet = ProviderAccount.objects.create(
        team=team,
        provider="smsgig",
        label="Months",
        currency="USD",
        hook_token_hash=number.to_bytes(32, "big"),
    )
    open_book(wallet, balance=Decimal(100_000), cut_over_at=BEGINS)
    return wallet


def reference(wallet: ProviderAccount, rental: int) -> str:
    """Its keys begin with it, and a key is used once in all wallets."""
    return f"months:{wallet.pk}:{rental}"


def write(wallet: ProviderAccount, day: Day) -> None:
    held = post_all([_hold(wallet, rent) for rent in day.rents])
    pairs = zip(day.rents, held, strict=True)
    post_all([_charge(wallet, rent, hold) for rent, hold in pairs if not rent.is_doubtful])
    Refund.objects.bulk_create(_claim(wallet, rent) for rent in day.cancels)
    StatementRow.objects.bulk_create(_rows(wallet, day.rows, day.ends))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # which autovacuum would have done in a day that takes a day


def act_on_findings(wallet: ProviderAccount, rents: dict[str, Rented], now: datetime) -> None:
    """What the rentals do: a doubt that was charged is lost and claimed, another is released."""
    findings = Finding.objects.filter(wallet=wallet, consumed_at=None)
    for finding in findings:
        rent = rents[finding.reference]
        bought = Purchase(
            wallet=wallet,
            reference=finding.reference,
            service=rent.service,
            day=rent.asked_at.date(),
        )
        if finding.kind == FindingKind.CHARGED:
            at = finding.occurred_at or now
            holds.charge(bought, finding.amount or rent.price, now=now, occurred_at=at)
            _claim(wallet, rent, cause=RefundCause.LOST).save()
        else:
            holds.release(bought, now=now)
    findings.update(consumed_at=now, consumed="applied")


def _hold(wallet: ProviderAccount, rent: Rented) -> Entry:
    return Entry(
        key=f"{reference(wallet, rent.number)}:hold",
        wallet_id=wallet.pk,
        debit=AccountKind.SPEND,
        credit=AccountKind.WALLET,
        amount=rent.price,
        kind=TransferKind.PURCHASE,
        phase=Phase.PENDING,
        reference=reference(wallet, rent.number),
        service=rent.service,
        occurred_at=rent.asked_at,
        booked_on=rent.asked_at.date(),
    )


def _charge(wallet: ProviderAccount, rent: Rented, hold: int) -> Entry:
    return Entry(
        key=f"{reference(wallet, rent.number)}:charge",
        wallet_id=wallet.pk,
        debit=AccountKind.SPEND,
        credit=AccountKind.WALLET,
        amount=rent.price,
        kind=TransferKind.PURCHASE,
        phase=Phase.POST,
        resolves_id=hold,
        reference=reference(wallet, rent.number),
        external_id=rent.activation,
        service=rent.service,
        occurred_at=rent.at,
        booked_on=rent.asked_at.date(),
    )


def _claim(
    wallet: ProviderAccount, rent: Rented, cause: RefundCause = RefundCause.CANCELLED
) -> Refund:
    claim = Claim(
        wallet=wallet,
        reference=reference(wallet, rent.number),
        cause=cause,
        charged=rent.price,
        day=rent.asked_at.date(),
        external_id=rent.activation,
        service=rent.service,
    )
    low, high = expected(wallet, cause, claim.charged, claim.age)
    at = rent.cancelled_at or rent.at
    return Refund(
        wallet=wallet,
        reference=claim.reference,
        external_id=claim.external_id,
        service=claim.service,
        cause=cause,
        state=RefundState.EXPECTED,
        currency=wallet.currency,
        charged=rent.price,
        expected_min=low,
        expected_max=high,
        claimed_at=at,
        due_at=at + due_within(wallet),
        day=claim.day,
    )


def _rows(wallet: ProviderAccount, rows: Iterable[Row], seen_at: datetime) -> list[StatementRow]:
    return [
        StatementRow(
            wallet=wallet,
            provider_id=str(row.number),
            kind=row.kind,
            kind_raw=row.kind,
            amount=row.amount,
            description=row.description,
            occurred_at=row.at,
            first_seen_at=seen_at,
        )
        for row in rows
    ]
