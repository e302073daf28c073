"""Which rows of a statement are older than the book: those that the opening balance contains."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Final

from django.db.models import Case, F, QuerySet, Sum, When

from accounts.models import ProviderAccount
from ledger.models import StatementRow, Transfer
from ledger.operations.statement.rows import Reading
from ledger.states import RowKind, TransferKind

# An answer's Date and a row's time name seconds, and the balance was read just before the Date.
UNSURE: Final = timedelta(seconds=2)
# A time that the provider has got wrong, and may write anew: the money tells on which side it is.
MISTAKEN: Final = timedelta(minutes=10)


def is_unsure(at: datetime | None, cut: datetime) -> bool:
    """Whether a row's time alone does not say on which side of the cut-over it is."""
    return at is not None and -MISTAKEN <= at - cut <= UNSURE


def split(
    wallet: ProviderAccount, rows: Sequence[Reading], *, complete: bool
) -> tuple[list[Reading], list[Reading]]:
    """Those of the unsure rows that are from before the cut-over, and those after it.

    With the whole statement known they are told apart by the money: all that is before adds up to
    the opening balance. Their times are believed but for the seconds around the cut-over; where
    nothing adds up so, their ids. Without it, or where nothing adds up at all, by the second.
    """
    cut = wallet.book.cut_over_at
    by_time = sorted(rows, key=lambda row: (row.at or cut, _place(row)))
    believed = sum(1 for row in by_time if (row.at or cut) < cut - UNSURE)
    default = sum(1 for row in by_time if (row.at or cut) <= cut)
    if complete:
        for ordered, least in ((by_time, believed), (sorted(rows, key=_place), 0)):
            fits = [count for count in _adding_up(wallet, ordered) if count >= least]
            if fits:
                count = min(fits, key=lambda fit: abs(fit - default))
                return ordered[:count], ordered[count:]
    return by_time[:default], by_time[default:]


def _adding_up(wallet: ProviderAccount, ordered: Sequence[Reading]) -> list[int]:
    """How many of the first of them make, with what is before already, the opening balance."""
    sums = accumulate((row.effect for row in ordered), initial=_before(wallet))
    held = opening(wallet)
    return [count for count, total in enumerate(sums) if total == held]


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
