"""Rentals in doubt of which no balance can tell any more: each is put in front of a person.

Once a rental's time has ended, its charge may have been given back between two readings, or be
hidden by another refund of as much: the balance then reads as if nothing had been.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from accounts.models import ProviderAccount
from ledger.models import ReconciliationException
from ledger.operations.balance.drifts import WAIT_TO_TELL
from ledger.operations.exceptions import Report, report_all
from ledger.renters import Doubt
from ledger.states import UNRESOLVED, ExceptionKind, ExceptionState, Resolution
from providers.registry import provider

UNDECIDED: Final = (
    "The balance can no longer tell whether this rental was charged: its charge may have been "
    "given back, or hidden by another refund. Ask the provider, and decide it on the rental’s page."
)
DECIDED: Final = "The rental is no longer in doubt."


def tell(wallet: ProviderAccount, doubts: Collection[Doubt], *, now: datetime) -> None:
    """One notice for each. Not where a statement may yet tell."""
    if provider(wallet.provider, wallet.server_prefix).capabilities.statement:
        return
    late = [doubt for doubt in doubts if doubt.ends + WAIT_TO_TELL <= now]
    report_all(wallet, [_notice(doubt) for doubt in late], now=now)


def close(wallet: ProviderAccount, doubts: Collection[Doubt], *, now: datetime) -> None:
    """Close the notices of all but these, which are still in doubt."""
    told = ReconciliationException.objects.filter(
        wallet=wallet, key__startswith=ReconciliationException.DOUBT, state__in=UNRESOLVED
    )
    told.exclude(reference__in=[doubt.reference for doubt in doubts]).update(
        state=ExceptionState.RESOLVED,
        resolved_at=now,
        resolution=Resolution.NOTED,
        reason=DECIDED,
    )


def _notice(doubt: Doubt) -> Report:
    return Report(
        key=f"{ReconciliationException.DOUBT}{doubt.reference}",
        kind=ExceptionKind.DRIFT,
        reference=doubt.reference,
        occurred_at=doubt.since,
        detail=UNDECIDED,
    )
