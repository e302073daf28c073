"""How often a balance is worth a request: often while it has something to tell, and seldom enough
to leave the lane's share of the provider's limits lasting all day."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Sum

from accounts.budget.shares import share
from accounts.models import ProviderAccount
from accounts.models.providers import RequestCount
from accounts.states import Lane
from ledger import renters
from ledger.models import Refund
from ledger.operations.balance.drifts import left_over, quiet_snapshots
from ledger.states import AWAITED, RefundCause
from providers.registry import provider

SOONEST: Final = timedelta(minutes=1)
LATEST: Final = timedelta(minutes=15)
AGE_SHARE: Final = 10  # what is open for ten minutes is looked for every minute
BETWEEN_READS: Final = timedelta(seconds=30)  # many rents at once are worth one
# Of the lane's share of a day, what must be left for a pause as short as this.
PAUSES: Final = ((0.5, BETWEEN_READS), (0.25, timedelta(minutes=5)))


def wallets_due(now: datetime) -> list[int]:
    """The wallets without a statement whose balance may tell something that is awaited."""
    wallets = ProviderAccount.objects.filter(
        archived_at__isnull=True, key_refused_at__isnull=True, balance_read_at__isnull=False
    )
    return [wallet.pk for wallet in wallets if _is_due(wallet, now)]


def shortest_pause(wallet: ProviderAccount, now: datetime) -> timedelta:
    """How long after a read of its balance the next one is worth a request at the soonest."""
    limits = provider(wallet.provider, wallet.server_prefix).capabilities.limits
    allowed = share(Lane.BALANCE, limits).own_day
    if allowed is None:
        return BETWEEN_READS
    left = 1 - _reads_of_a_day(wallet, now) / allowed
    return next((pause for least, pause in PAUSES if left > least), LATEST)


def _is_due(wallet: ProviderAccount, now: datetime) -> bool:
    if provider(wallet.provider, wallet.server_prefix).capabilities.statement:
        return False
    pause = _wanted_pause(wallet, now)
    if pause is None or wallet.balance_read_at is None:
        return False
    return wallet.balance_read_at <= now - max(pause, shortest_pause(wallet, now))


def _wanted_pause(wallet: ProviderAccount, now: datetime) -> timedelta | None:
    """The younger what is awaited, the shorter; None where nothing is."""
    latest = quiet_snapshots(wallet).first()
    if latest is not None and left_over(latest):
        return BETWEEN_READS
    begun = max(_openings(wallet, now), default=None)
    return None if begun is None else min(LATEST, max(SOONEST, (now - begun) / AGE_SHARE))


def _openings(wallet: ProviderAccount, now: datetime) -> Iterable[datetime]:
    """When what is awaited began."""
    awaited = Refund.objects.filter(wallet=wallet, state__in=AWAITED, expected_max__gt=0)
    newest = awaited.exclude(cause=RefundCause.EXPIRED, due_at__lte=now).order_by("-claimed_at")
    yield from newest.values_list("claimed_at", flat=True)[:1]
    yield from (doubt.since for doubt in renters.in_doubt(wallet))


def _reads_of_a_day(wallet: ProviderAccount, now: datetime) -> int:
    counts = RequestCount.objects.filter(
        account=wallet, lane=Lane.BALANCE, minute__gt=now - timedelta(days=1)
    )
    return counts.aggregate(sum=Sum("count"))["sum"] or 0
