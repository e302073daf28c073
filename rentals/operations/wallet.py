"""The balance of a provider account is read, for people to see and for the book to be proved."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import ProviderAccount
from ledger.models import Refund
from ledger.operations.balance import snapshots
from ledger.operations.statement import pacing
from ledger.states import AWAITED, RefundCause
from rentals import money
from rentals.models import Rental
from rentals.states import RentalState

REASONS_FOR = timedelta(days=7)  # beyond that no provider knows an activation any more


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


def look_for_reasons(now: datetime) -> int:
    """A refund that fails to come may be refused for an SMS that came after the cancel: have the
    rental asked for once more. Returns for how many that was begun."""
    overdue = Refund.objects.filter(
        cause=RefundCause.CANCELLED,
        state__in=AWAITED,
        expected_max__gt=0,
        due_at__lte=now,
        due_at__gt=now - REASONS_FOR,
        wallet__archived_at__isnull=True,
    )
    rentals = [money.rental_of(word) for word in overdue.values_list("reference", flat=True)]
    return Rental.objects.filter(
        Q(last_confirm_at__isnull=True) | Q(last_confirm_at__lt=F("ended_at")),
        pk__in=[pk for pk in rentals if pk is not None],
        state=RentalState.CANCELLED,
    ).update(next_poll_at=now, planned_poll_at=None, last_confirm_at=now)


def read_balance(*, account: ProviderAccount) -> bool:
    """Read the balance, and explain it; False where it was read just now, or can't be."""
    now = timezone.now()
    read_at = account.balance_read_at
    if read_at is not None and now - read_at < pacing.shortest_pause(account, now):
        return False
    return snapshots.read_and_explain(account, now=now) is not None
