"""Which rows of a statement are older than the book: those that the opening balance contains."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Case, F, QuerySet, Sum, When

from accounts.models import ProviderAccount
from ledger.models import StatementRow, Transfer
from ledger.operations.statement.rows import Reading
from ledger.states import RowKind, TransferKind

# An answer's Date and a row's time name seconds, and the balance was read just before the Date.
UNSURE: Final = timedelta(seconds=2)


def is_unsure(at: datetime | None, cut: datetime) -> bool:
    """Whether a row's time is too near the cut-over to say on which side of it it is."""
    return at is not None and abs(at - cut) <= UNSURE


def split(
    wallet: ProviderAccount, rows: Sequence[Reading], *, complete: bool
) -> tuple[list[Reading], list[Reading]]:
    """Those of the unsure rows that are from before the cut-over, and those after it.

    With the whole statement known they are told apart by the money: all that is before adds up to
    the opening balance. Without it, or where nothing adds up, by the second.
    """
    cut = wallet.book.cut_over_at
    ordered = sorted(rows, key=lambda row: (row.at or cut, _place(row)))
    default = sum(1 for row in ordered if (row.at or cut) <= cut)
    sums = [_before(wallet)]
    for row in ordered:
        sums.append(sums[-1] + row.effect)
    fits = [count for count, total in enumerate(sums) if total == opening(wallet)]
    count = min(fits, key=lambda fit: abs(fit - default)) if fits and complete else default
    return ordered[:count], ordered[count:]


def _place(row: Reading) -> tuple[int, str]:
    return (int(row.provider_id) if row.provider_id.isdecimal() else 0, row.provider_id)


def _before(wallet: ProviderAccount) -> Decimal:
    return signed_sum(StatementRow.objects.filter(wallet=wallet, before_cut_over=True))


def signed_sum(rows: QuerySet[StatementRow]) -> Decimal:
    """What they did to the wallet together."""
    signed = Case(
        When(kind=RowKind.PURCHASE, then=-F("amount")),
        When(kind__in=[RowKind.REFUND, RowKind.DEPOSIT], then=F("amount")),
    )
    return rows.aggregate(total=Sum(signed))["total"] or Decimal(0)


def opening(wallet: ProviderAccount) -> Decimal:
    opening = Transfer.objects.filter(wallet=wallet, kind=TransferKind.OPENING).first()
    if opening is None:
        return Decimal(0)
    into_wallet = Transfer.objects.filter(pk=opening.pk, debit__kind="wallet").exists()
    return opening.amount if into_wallet else -opening.amount
