"""What is proved about a rental in doubt is left for the rentals to act on."""

from datetime import datetime
from decimal import Decimal

from accounts.models import ProviderAccount, User
from ledger.models import Finding
from ledger.states import Evidence, FindingKind


def find(
    *,
    wallet: ProviderAccount,
    reference: str,
    kind: FindingKind,
    evidence: Evidence,
    now: datetime,
    amount: Decimal | None = None,
    occurred_at: datetime | None = None,
    actor: User | None = None,
    note: str = "",
) -> Finding:
    """Write a finding down; while one about the same rental waits, it is that one.

    `amount` is what was charged and is needed for FindingKind.CHARGED.
    """
    found, _ = Finding.objects.get_or_create(
        wallet=wallet,
        reference=reference,
        consumed_at=None,
        defaults={
            "kind": kind,
            "evidence": evidence,
            "amount": amount,
            "occurred_at": occurred_at,
            "found_at": now,
            "actor": actor,
            "note": note[:500],
        },
    )
    return found
