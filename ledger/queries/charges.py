"""What was charged for a rental, by the book."""

from decimal import Decimal
from typing import Final

from django.db.models import Q, Sum

from ledger.models import Refund, Transfer
from ledger.states import AccountKind, Phase, TransferKind

NOTHING: Final = Decimal(0)
_SPENT: Final = Q(debit__kind=AccountKind.SPEND)
_GAINED: Final = Q(credit__kind=AccountKind.SPEND)


def charged_for(wallet_id: int, reference: str) -> Decimal:
    """All that a rental was charged, corrections included, and nothing taken off for refunds."""
    booked = Transfer.objects.filter(
        wallet=wallet_id, reference=reference, phase__in=(Phase.POSTED, Phase.POST)
    )
    sums = booked.exclude(kind=TransferKind.WRITE_OFF).aggregate(
        spent=Sum("amount", filter=_SPENT, default=NOTHING),
        gained=Sum("amount", filter=_GAINED, default=NOTHING),
    )
    claim = Refund.objects.filter(wallet=wallet_id, reference=reference)
    received = claim.values_list("received", flat=True).first() or NOTHING
    return Decimal(sums["spent"] - sums["gained"] + received)
