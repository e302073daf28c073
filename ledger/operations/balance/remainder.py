"""What is left of a balance's changes where they can't be told apart: one exception a wallet.

It holds all of it in suspense, and follows each reading: what is left beside is added to it, what
is explained after all leaves it. It closes by itself when all is explained. Somebody who takes it
has it as it is then; what comes later is another's.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from accounts.models import ProviderAccount
from ledger.amounts import noted
from ledger.book import Entry, post
from ledger.days import team_day
from ledger.models import ReconciliationException, Snapshot, Transfer
from ledger.operations.exceptions import Report, report
from ledger.states import AccountKind, ExceptionKind, ExceptionState, Resolution, TransferKind

KEY: Final = "remainder:"
EXPLAINED: Final = "Later readings explained all of it, and it is booked as that."


def lock_remainder(wallet: ProviderAccount) -> ReconciliationException | None:
    """The one that follows the readings now, locked."""
    rows = ReconciliationException.objects.select_for_update(of=("self",)).filter(
        wallet=wallet,
        kind=ExceptionKind.DRIFT,
        state=ExceptionState.OPEN,
        key__startswith=KEY,
    )
    return rows.order_by("pk").last()


def is_remainder(exception: ReconciliationException) -> bool:
    return exception.key.startswith(KEY)


def open_remainder(
    snapshot: Snapshot, amount: Decimal, since: datetime, *, can_be: bool, now: datetime
) -> None:
    """`can_be`: what is open may explain it, in more ways than one."""
    report(
        snapshot.wallet,
        Report(
            key=f"{KEY}{snapshot.pk}",
            kind=ExceptionKind.DRIFT,
            amount=amount,
            occurred_at=since,
            detail=_in_words(amount, snapshot.wallet.currency, can_be=can_be),
        ),
        now=now,
    )


def add(
    snapshot: Snapshot,
    remainder: ReconciliationException,
    change: Decimal,
    *,
    is_explained: bool,
    now: datetime,
) -> None:
    """Bring it up to date. `is_explained`: what leaves it has been booked as what it was, and with
    nothing left it is closed. What only came to nothing stays for a person to see."""
    if change:
        post(_entry(snapshot, remainder, change, now))
        remainder.amount += change
        remainder.detail = _in_words(remainder.amount, remainder.currency, can_be=True)
    if is_explained and not remainder.amount:
        remainder.state, remainder.resolved_at = ExceptionState.RESOLVED, now
        remainder.resolution, remainder.reason = Resolution.REFUND, EXPLAINED
    remainder.save(
        update_fields=["amount", "detail", "state", "resolved_at", "resolution", "reason"]
    )


def followed_until(exception: ReconciliationException) -> datetime:
    """The last reading whose changes are in it."""
    if not is_remainder(exception):
        return exception.occurred_at
    changes = Transfer.objects.filter(
        wallet=exception.wallet_id,
        key__startswith="snapshot:",
        key__endswith=f":exception:{exception.pk}",
    )
    last = changes.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    return max(exception.opened_at, last or exception.opened_at)


def _entry(
    snapshot: Snapshot, remainder: ReconciliationException, change: Decimal, now: datetime
) -> Entry:
    sides = (AccountKind.WALLET, AccountKind.SUSPENSE)
    debit, credit = sides if change > 0 else sides[::-1]
    return Entry(
        key=f"snapshot:{snapshot.pk}:exception:{remainder.pk}",
        wallet_id=snapshot.wallet_id,
        debit=debit,
        credit=credit,
        amount=abs(change),
        kind=TransferKind.SUSPENSE if change > 0 else TransferKind.CORRECTION,
        occurred_at=snapshot.asked_at,
        booked_on=team_day(snapshot.wallet.team, now),
        reason=f"Exception {remainder.pk}: {remainder.title}",
    )


def _in_words(amount: Decimal, currency: str, *, can_be: bool) -> str:
    if not amount:
        return "What nothing explained has come to nothing by changes that nothing explains either."
    side = "more" if amount > 0 else "less"
    words = f"The provider says {noted(abs(amount), currency)} {side} than is explained."
    if can_be:
        return f"{words} What is open can explain it in several ways; each reading may tell more."
    return f"{words} It changes from reading to reading, and nothing that is open explains it."
