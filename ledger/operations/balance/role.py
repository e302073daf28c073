"""What a wallet's balance may prove, beside its statement."""

from enum import StrEnum
from typing import Final

from accounts.models import ProviderAccount
from ledger.models import Reconciliation, ReconciliationException
from ledger.models.runs import Step
from ledger.states import UNRESOLVED, ExceptionKind
from providers.registry import provider

MATCHED: Final = (Step.BALANCE, Step.DONE)  # a run that is so far has read and matched all it can


class BalanceRole(StrEnum):
    EXPLAINS = "explains"  # there is no statement, or it has gaps
    COMPARES = "compares"  # the statement is complete, and books
    IS_KEPT = "is_kept"  # the statement was not read yet: nothing is concluded


def balance_role(wallet: ProviderAccount) -> BalanceRole:
    """By what the provider can do, and by how its statement was read last."""
    if not provider(wallet.provider, wallet.server_prefix).capabilities.statement:
        return BalanceRole.EXPLAINS
    run = Reconciliation.objects.filter(wallet=wallet, step__in=MATCHED).order_by("asked_at").last()
    if run is None:
        return BalanceRole.IS_KEPT
    gaps = ReconciliationException.objects.filter(
        wallet=wallet, kind=ExceptionKind.STATEMENT_GAP, state__in=UNRESOLVED
    )
    if run.complete and not gaps.exists():
        return BalanceRole.COMPARES
    return BalanceRole.EXPLAINS
