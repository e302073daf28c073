"""A rental turned out to cost another amount than was booked: its claim is of that amount."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from accounts.models import ProviderAccount
from ledger.models import Refund, Transfer
from ledger.operations import refunds
from ledger.queries.charges import charged_for
from ledger.states import RefundState


@contextmanager
def recharging(wallet: ProviderAccount, reference: str, *, now: datetime) -> Iterator[None]:
    """Book the correction inside; the claim is locked before it, and brought up to it after.

    In the caller's transaction. A claim that was given up stays so.
    """
    claims = Refund.objects.select_for_update(of=("self",)).select_related("wallet__team")
    found = claims.filter(wallet=wallet, reference=reference)
    claim = found.exclude(state=RefundState.WRITTEN_OFF).first() if reference else None
    yield
    if claim is not None:
        refunds.recharge(claim, charged_for(wallet.pk, reference), now=now)


def lock_claims(wallet: ProviderAccount, purchases: Iterable[int]) -> None:
    """Lock the claims for these purchases (ids of transfers) before the first is corrected: they
    come before the balances, which a correction locks."""
    named = Transfer.objects.filter(pk__in=list(purchases)).values("reference")
    rows = Refund.objects.select_for_update(of=("self",))
    list(rows.filter(wallet=wallet, reference__in=named).order_by("pk").values_list("pk"))
