"""Rentals in doubt of which no balance can tell any more: each is put in front of a person.

Once a rental's time has ended, its charge may have been given back between two readings, or be
hidden by another refund of as much: the balance then reads as if nothing had been. Whether the
wallet is ever at rest, or can be read at all, makes no difference to that.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from accounts.models import ProviderAccount
from ledger.explaining import Ambiguous, Result
from ledger.models import ReconciliationException
from ledger.operations.balance.open_items import OpenItems
from ledger.operations.exceptions import Report, report_all
from ledger.renters import Doubt
from ledger.states import UNRESOLVED, ExceptionKind, ExceptionState, Resolution
from providers.registry import provider

# A reading after the end may still prove the charge, and most do that at once.
WAIT_TO_TELL: Final = timedelta(minutes=5)
UNDECIDED: Final = (
    "The balance can no longer tell whether this rental was charged: its charge may have been "
    "given back, or hidden by another refund. Ask the provider, and decide it on the rental’s page."
)
HIDDEN: Final = "Refunds that are awaited and may hide it: %(references)s."
DECIDED: Final = "The rental is no longer in doubt."


def tell(
    wallet: ProviderAccount, doubts: Collection[Doubt], *, hidden_by: Sequence[str], now: datetime
) -> None:
    """One notice for each, with the rentals whose refunds may hide its charge. Not where a
    statement may yet tell."""
    if provider(wallet.provider, wallet.server_prefix).capabilities.statement:
        return
    late = [doubt for doubt in doubts if doubt.ends + WAIT_TO_TELL <= now]
    report_all(wallet, [_notice(doubt, hidden_by) for doubt in late], now=now)


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


def hiding(result: Result, found: OpenItems) -> list[str]:
    """The rentals whose refunds came with a charge in doubt, in one of the explanations."""
    known = {each.item.id: each for each in found.all}
    references: set[str] = set()
    for parts in result.candidates if isinstance(result, Ambiguous) else ():
        way = [known[part.item] for part in parts]
        if any(each.doubt is not None for each in way):
            references |= {each.reference for each in way if each.refund is not None}
    return sorted(references)


def _notice(doubt: Doubt, hidden_by: Sequence[str]) -> Report:
    told = HIDDEN % {"references": ", ".join(hidden_by)}
    return Report(
        key=f"{ReconciliationException.DOUBT}{doubt.reference}",
        kind=ExceptionKind.DRIFT,
        reference=doubt.reference,
        occurred_at=doubt.since,
        detail=f"{UNDECIDED} {told}" if hidden_by else UNDECIDED,
    )
