"""The balance of a provider account is read, for people to see and for the book to be proved."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import ProviderAccount
from ledger.operations.balance import snapshots
from ledger.operations.statement import pacing
from rentals.models import Rental


def accounts_with_moved_wallets(now: datetime) -> list[int]:
    """The accounts with a rental that began or ended since their balance was read, and those whose
    balance may tell of a refund that is awaited or a rent in doubt."""
    moved = Rental.objects.filter(
        Q(started_at__gt=OuterRef("balance_read_at")) | Q(ended_at__gt=OuterRef("balance_read_at")),
        account=OuterRef("pk"),
    )
    accounts = ProviderAccount.objects.filter(
        Exists(moved),
        balance_read_at__lte=now - pacing.BETWEEN_READS,
        archived_at__isnull=True,
        key_refused_at__isnull=True,
    )
    known = dict.fromkeys(accounts.values_list("pk", flat=True))
    return list(known | dict.fromkeys(pacing.wallets_due(now)))


def read_balance(*, account: ProviderAccount) -> bool:
    """Read the balance, and explain it; False where it was read just now, or can't be."""
    now = timezone.now()
    read_at = account.balance_read_at
    if read_at is not None and now - read_at < pacing.shortest_pause(account, now):
        return False
    return snapshots.read_and_explain(account, now=now) is not None
