"""Changes of a balance that nothing explains: put in front of a person when they stay.

One that stood there and is explained after all is closed by itself only where what explains it is
open now, was open when it was seen, and is the one explanation, to the cent. As long as somebody
has taken it, or there are several, the explanations are suggestions.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Q, QuerySet

from accounts.models import ProviderAccount
from ledger.amounts import noted
from ledger.book import Entry, post
from ledger.days import team_day
from ledger.explaining import Ambiguous, Explained, Result, explain, prove
from ledger.explaining.items import Parts
from ledger.models import Reconciliation, ReconciliationException, Snapshot
from ledger.models.runs import Step
from ledger.operations.balance.open_items import OpenItem, OpenItems, open_items, unexplained_in
from ledger.operations.balance.remainder import followed_until
from ledger.operations.exceptions import Report, report
from ledger.states import (
    AccountKind,
    ExceptionKind,
    ExceptionState,
    Resolution,
    TransferKind,
)

APART: Final = timedelta(seconds=20)  # between two quiet readings that say the same
# Where what is open explains a change in more than one way, the next reading often tells.
WAIT_TO_TELL: Final = timedelta(minutes=15)
WAIT_FOR_PRICES: Final = timedelta(minutes=20)  # the catalogue is read every quarter of an hour
READINGS: Final = 300  # that are looked back on


def quiet_snapshots(wallet: ProviderAccount) -> QuerySet[Snapshot]:
    """Newest first."""
    return Snapshot.objects.filter(wallet=wallet, quiet=True).order_by("-answered_at", "-pk")


def left_over(snapshot: Snapshot) -> Decimal:
    """What a snapshot could not explain."""
    return snapshot.drift - snapshot.explained


def before_the_change(wallet: ProviderAccount, drift: Decimal) -> Snapshot | None:
    """The last quiet reading that left something else: one that says the same tells nothing new
    of what changed before it."""
    latest = quiet_snapshots(wallet)[:READINGS]
    return next((snapshot for snapshot in latest if left_over(snapshot) != drift), None)


def seen_first(
    wallet: ProviderAccount, amount: Decimal, asked_at: datetime, *, wait: timedelta
) -> datetime | None:
    """When quiet readings began to leave `amount`, if that is at least `wait` ago."""
    first = None
    for snapshot in quiet_snapshots(wallet)[:READINGS]:
        if left_over(snapshot) != amount:
            break
        first = snapshot.answered_at
    return first if first is not None and asked_at - first >= max(wait, APART) else None


def unsettled_since(
    wallet: ProviderAccount, asked_at: datetime, *, wait: timedelta
) -> datetime | None:
    """When quiet readings began to leave anything at all, if that is at least `wait` ago."""
    first = None
    for snapshot in quiet_snapshots(wallet)[:READINGS]:
        if not left_over(snapshot):
            break
        first = snapshot.answered_at
    return first if first is not None and asked_at - first >= wait else None


def was_matched_between(wallet: ProviderAccount, start: datetime, end: datetime) -> bool:
    """Whether the whole statement was read and matched within that time."""
    ended = Q(step=Step.DONE, finished_at__lte=end)
    return Reconciliation.objects.filter(
        ended | Q(step=Step.BALANCE), wallet=wallet, complete=True, started_at__gte=start
    ).exists()


def tell(
    snapshot: Snapshot,
    amount: Decimal,
    seen_at: datetime,
    *,
    candidates: Collection[Parts],
    now: datetime,
) -> None:
    """Put a change in suspense and in front of a person."""
    report(
        snapshot.wallet,
        Report(
            key=f"drift:{snapshot.pk}",
            kind=ExceptionKind.DRIFT,
            amount=amount,
            occurred_at=seen_at,
            detail=_in_words(amount, snapshot.wallet.currency, candidates),
        ),
        now=now,
    )


def _in_words(amount: Decimal, currency: str, candidates: Collection[Parts]) -> str:
    side = "more" if amount > 0 else "less"
    words = f"The provider says {noted(abs(amount), currency)} {side} than the book."
    if candidates:
        return f"{words} What is open can explain it in several ways."
    return f"{words} Nothing that is open explains it."


def lock_unexplained(wallet: ProviderAccount) -> list[ReconciliationException]:
    """Those that stand before a person now, locked, oldest first."""
    rows = ReconciliationException.objects.select_for_update(of=("self",))
    return list(rows.filter(unexplained_in(wallet)).order_by("pk"))


def explained_by_now(
    exceptions: Collection[ReconciliationException], found: OpenItems, taken: Collection[str]
) -> Iterator[tuple[ReconciliationException, list[tuple[OpenItem, Decimal]]]]:
    """Those that nobody has taken and that can have been one thing only, with what it was.

    An item explains one of them.
    """
    used = set(taken)
    for exception in exceptions:
        if exception.state != ExceptionState.OPEN:
            continue
        items = [item for item in found.by(exception.occurred_at) if item.id not in used]
        result = prove(exception.amount, items)
        if isinstance(result, Explained) and result.parts:
            used |= {part.item for part in result.parts}
            yield exception, found.of(result.parts)


def explanations(
    exception: ReconciliationException, *, now: datetime
) -> list[list[tuple[OpenItem, Decimal | None]]]:
    """The ways in which what was open can have made the change: what happened, and how much of it.

    An amount is None where only the sum of several is known.
    """
    found = open_items(exception.wallet, asked_at=now, clean_since=exception.occurred_at, now=now)
    by_then = {item.id for item in found.by(followed_until(exception))}
    loose = [item for item in found.loosened() if item.id in by_then]
    result = explain(exception.amount, loose)
    known = {each.item.id: each for each in found.all}
    return [[(known[part.item], part.amount) for part in parts] for parts in _ways(result)]


def _ways(result: Result) -> Collection[Parts]:
    if isinstance(result, Ambiguous):
        return result.candidates
    return [result.parts] if isinstance(result, Explained) and result.parts else []


def reverse(snapshot: Snapshot, exception: ReconciliationException, *, now: datetime) -> None:
    """Take an exception's money back out of suspense: it is booked as what it was."""
    out_of_suspense(snapshot, exception, "explained by what was open", now=now)
    gained = exception.amount > 0
    exception.state, exception.resolved_at = ExceptionState.RESOLVED, now
    exception.resolution = Resolution.REFUND if gained else Resolution.CHARGE
    exception.reason = "Explained by what was open, and booked as that."
    exception.save(update_fields=["state", "resolved_at", "resolution", "reason"])


def out_of_suspense(
    snapshot: Snapshot, exception: ReconciliationException, why: str, *, now: datetime
) -> None:
    gained = exception.amount > 0
    wallet = snapshot.wallet
    post(
        Entry(
            key=f"snapshot:{snapshot.pk}:exception:{exception.pk}",
            wallet_id=wallet.pk,
            debit=AccountKind.SUSPENSE if gained else AccountKind.WALLET,
            credit=AccountKind.WALLET if gained else AccountKind.SUSPENSE,
            amount=abs(exception.amount),
            kind=TransferKind.CORRECTION,
            reference=exception.reference,
            occurred_at=exception.occurred_at,
            booked_on=team_day(wallet.team, now),
            reason=f"Exception {exception.pk} is {why}.",
        )
    )
