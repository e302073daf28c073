"""What can't be explained is put in front of a person, its money in suspense until they decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import ProviderAccount
from ledger.book import Entry, post_all
from ledger.days import team_day
from ledger.models import ReconciliationException, StatementRow
from ledger.states import AccountKind, ExceptionKind, TransferKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One finding. `amount`: what the wallet holds more (positive) or less than the book, and is
    put in suspense; 0 for a notice. `key` keeps it from being reported twice."""

    key: str
    kind: ExceptionKind
    occurred_at: datetime
    amount: Decimal = Decimal(0)
    row: StatementRow | None = None
    reference: str = ""
    detail: str = ""


def report(wallet: ProviderAccount, finding: Report, *, now: datetime) -> bool:
    """Open an exception; False where it was reported before."""
    return report_all(wallet, [finding], now=now) == 1


def report_all(wallet: ProviderAccount, findings: Sequence[Report], *, now: datetime) -> int:
    """Open an exception for each that is new, and book its money to suspense; how many were new."""
    keys = [finding.key for finding in findings]
    with transaction.atomic():
        known = set(
            ReconciliationException.objects.filter(wallet=wallet, key__in=keys).values_list(
                "key", flat=True
            )
        )
        fresh = {finding.key: finding for finding in findings if finding.key not in known}
        opened = ReconciliationException.objects.bulk_create(
            _exception(wallet, finding, now) for finding in fresh.values()
        )
        post_all([_to_suspense(wallet, each, now) for each in opened if each.amount])
    return len(opened)


def _exception(wallet: ProviderAccount, finding: Report, now: datetime) -> ReconciliationException:
    return ReconciliationException(
        wallet=wallet,
        key=finding.key,
        kind=finding.kind,
        row=finding.row,
        reference=finding.reference,
        currency=wallet.currency,
        amount=finding.amount,
        detail=finding.detail[:500],
        occurred_at=finding.occurred_at,
        opened_at=now,
    )


def _to_suspense(
    wallet: ProviderAccount, exception: ReconciliationException, now: datetime
) -> Entry:
    gained = exception.amount > 0
    return Entry(
        key=f"exception:{exception.pk}:suspense",
        wallet_id=wallet.pk,
        debit=AccountKind.WALLET if gained else AccountKind.SUSPENSE,
        credit=AccountKind.SUSPENSE if gained else AccountKind.WALLET,
        amount=abs(exception.amount),
        kind=TransferKind.SUSPENSE,
        reference=exception.reference,
        occurred_at=exception.occurred_at,
        booked_on=team_day(wallet.team, now),
        reason=f"Exception {exception.pk}: {exception.title}",
    )
