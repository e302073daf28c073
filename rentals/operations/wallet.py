"""The balance of a provider account is read, for people to see."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import gateway
from accounts.models import ProviderAccount
from accounts.states import Lane
from providers.errors import ProviderError
from providers.registry import provider
from rentals.models import Rental

PAUSE = timedelta(seconds=30)  # between two reads: many rents at once are worth one


def accounts_with_moved_wallets(now: datetime) -> list[int]:
    """The accounts with a rental that began or ended since their balance was read."""
    moved = Rental.objects.filter(
        Q(started_at__gt=OuterRef("balance_read_at")) | Q(ended_at__gt=OuterRef("balance_read_at")),
        account=OuterRef("pk"),
    )
    accounts = ProviderAccount.objects.filter(
        Exists(moved),
        balance_read_at__lte=now - PAUSE,
        archived_at__isnull=True,
        key_refused_at__isnull=True,
    )
    return list(accounts.values_list("pk", flat=True))


def read_balance(*, account: ProviderAccount) -> bool:
    """Read and keep the balance; False where it was read just now, or can't be."""
    if account.balance_read_at and timezone.now() - account.balance_read_at < PAUSE:
        return False
    adapter = provider(account.provider, account.server_prefix)
    try:
        balance = gateway.ask(account, adapter.balance(), lane=Lane.BALANCE, now=timezone.now())
    except (ProviderError, gateway.OverBudget, gateway.NoKey):
        return False
    ProviderAccount.objects.filter(pk=account.pk).update(
        balance=balance.amount, balance_read_at=timezone.now()
    )
    return True
