"""A deposit is recorded by hand where the provider lists none, and taken back if it was none."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import ProviderAccount, User
from ledger.book import Entry, post
from ledger.book.entries import SMALLEST
from ledger.days import team_day, team_zone
from ledger.models import Book, Match, ReconciliationException, Transfer
from ledger.models.book import BY_HAND
from ledger.operations.balance.drifts import lock_unexplained
from ledger.operations.errors import Decided, NotPossible, told_if_closed
from ledger.operations.opening import open_late
from ledger.operations.resolving import close
from ledger.operations.statement.undoing import reverse
from ledger.states import AccountKind, Resolution, TransferKind
from providers.registry import provider

TOO_LARGE: Final = 10**9  # in any currency: a slip of the hand
# A change of the balance is seen after the deposit; a bank's day may be another than the team's.
DAYS_APART: Final = timedelta(days=1)


def record_deposit(
    *,
    wallet: ProviderAccount,
    amount: Decimal,
    day: date,
    actor: User,
    reason: str,
    now: datetime,
    request_key: UUID | None = None,
) -> Transfer:
    """Book money that somebody paid into the wallet on `day`. Raises NotPossible.

    Where the balance has shown exactly that amount already, and nothing explained it, it is taken
    out of suspense instead of being booked a second time. The same form, by its `request_key`, is
    booked once.
    """
    _check(wallet, amount, day, reason, now)
    key = f"{BY_HAND}{request_key or uuid4()}"
    with told_if_closed(), transaction.atomic():
        book = _lock_book(wallet, now)
        if known := Transfer.objects.filter(key=key).first():
            return known
        _check_begun(wallet, book, day)
        if _is_on_statement(wallet, amount, day):
            raise NotPossible(_("The provider’s statement has this deposit: it is booked already."))
        seen = _seen(wallet, amount, day)
        entry = _entry(wallet, key, amount, day, actor, reason, now, seen=seen is not None)
        booked = Transfer.objects.get(pk=post(entry))
        if seen is not None:
            close(seen, Resolution.DEPOSIT, reason=reason, actor=actor, now=now)
        audit.record(
            team=wallet.team,
            actor=actor,
            action=Action.DEPOSIT_RECORDED,
            object=booked,
            after={
                "wallet": wallet.pk,
                "amount": str(amount),
                "currency": wallet.currency,
                "day": day.isoformat(),
                "exception": seen.pk if seen is not None else None,
            },
            reason=reason.strip()[:500],
        )
    return booked


def take_back_deposit(*, deposit: Transfer, actor: User, reason: str, now: datetime) -> Transfer:
    """Book the opposite of a deposit that was recorded by hand. Raises NotPossible, Decided.

    It is dated now, and refused where a row of the provider's stands for the deposit.
    """
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    wallet = deposit.wallet
    with told_if_closed(), transaction.atomic():
        _lock_book(wallet, now)  # as whoever matches a row to it
        _check_taken_back(deposit)
        reverse(deposit, deposit.reversal_key, actor=actor, reason=reason.strip(), now=now)
        booked = Transfer.objects.get(key=deposit.reversal_key)
        audit.record(
            team=wallet.team,
            actor=actor,
            action=Action.DEPOSIT_TAKEN_BACK,
            object=deposit,
            after={
                "wallet": wallet.pk,
                "amount": str(deposit.amount),
                "currency": deposit.currency,
                "day": deposit.day.isoformat(),
                "reversal": booked.pk,
            },
            reason=reason.strip()[:500],
        )
    return booked


def _check_taken_back(deposit: Transfer) -> None:
    if not deposit.is_deposit_by_hand:
        raise NotPossible(_("Only a deposit that was recorded by hand can be taken back."))
    if deposit.debit.kind != AccountKind.WALLET:
        raise NotPossible(
            _("It explains an exception: take that resolution back, and the deposit is with it.")
        )
    if Transfer.objects.filter(key=deposit.reversal_key).exists():
        raise Decided(_("It was taken back already."))
    if Match.objects.filter(transfer=deposit, undone_at__isnull=True).exists():
        raise NotPossible(_("The provider’s statement has this deposit: undo that match first."))


def lists_deposits(wallet: ProviderAccount) -> bool:
    """Whether the provider's statement tells of deposits, so that nobody need record them."""
    return provider(wallet.provider, wallet.server_prefix).capabilities.statement


def _check(wallet: ProviderAccount, amount: Decimal, day: date, reason: str, now: datetime) -> None:
    if not amount.is_finite() or amount <= 0:
        raise NotPossible(_("A deposit is more than 0."))
    if amount >= TOO_LARGE:
        raise NotPossible(_("No wallet is paid so much at once: look at the amount again."))
    if amount % SMALLEST:
        raise NotPossible(_("A deposit has at most four decimals."))
    if day > team_day(wallet.team, now):
        raise NotPossible(_("A deposit can’t be of a day that is still to come."))
    if not reason.strip():
        raise NotPossible(_("Say where it comes from. It is kept with your name."))


def _check_begun(wallet: ProviderAccount, book: Book, day: date) -> None:
    begun = team_day(wallet.team, book.cut_over_at)
    if day < begun:
        raise NotPossible(
            _("The book begins on %(day)s: what was paid before is in its opening balance.")
            % {"day": begun.isoformat()}
        )


def _lock_book(wallet: ProviderAccount, now: datetime) -> Book:
    """The book's row first, as a reading of the balance does it."""
    locked = Book.objects.select_for_update(no_key=True).filter(wallet=wallet)
    if (book := locked.first()) is None:
        open_late(wallet, now)
        book = locked.get()
    return book


def _is_on_statement(wallet: ProviderAccount, amount: Decimal, day: date) -> bool:
    """Whether a row brought it. Recorded first, the row is matched to it, as far apart at most."""
    brought = Transfer.objects.filter(
        wallet=wallet,
        kind=TransferKind.DEPOSIT,
        amount=amount,
        key__startswith="row:",
        matches__undone_at__isnull=True,
        matches__isnull=False,
    )
    days = [team_day(wallet.team, at) for at in brought.values_list("occurred_at", flat=True)]
    return any(abs(day - booked) <= DAYS_APART for booked in days)


def _seen(wallet: ProviderAccount, amount: Decimal, day: date) -> ReconciliationException | None:
    """The oldest change of the balance, not before the day, that is exactly the deposit."""
    for exception in lock_unexplained(wallet):
        seen_on = team_day(wallet.team, exception.occurred_at)
        if exception.amount == amount and seen_on >= day - DAYS_APART:
            return exception
    return None


def _entry(
    wallet: ProviderAccount,
    key: str,
    amount: Decimal,
    day: date,
    actor: User,
    reason: str,
    now: datetime,
    *,
    seen: bool,
) -> Entry:
    noon = datetime.combine(day, time(12), tzinfo=team_zone(wallet.team))
    return Entry(
        key=key,
        wallet_id=wallet.pk,
        debit=AccountKind.SUSPENSE if seen else AccountKind.WALLET,
        credit=AccountKind.FUNDING,
        amount=amount,
        kind=TransferKind.DEPOSIT,
        occurred_at=min(noon, now),
        booked_on=team_day(wallet.team, now),
        day=day,
        actor_id=actor.pk,
        reason=reason.strip()[:500],
    )
