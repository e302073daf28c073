"""A balance that differs by the very opposite of what stood before a person, because a match has
explained it since: the two come to nothing, and nobody needs to look at either."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from accounts.models import ProviderAccount
from ledger.models import Match, ReconciliationException, Snapshot, StatementRow, Transfer
from ledger.operations.balance.drifts import (
    READINGS,
    left_over,
    lock_unexplained,
    out_of_suspense,
    quiet_snapshots,
)
from ledger.operations.statement.cut_over import opening, signed_sum
from ledger.states import AccountKind, ExceptionState, MatchPass, Resolution

MATCHED_SINCE: Final = "The row behind it was matched since: balance, book and statement agree."


def undone_by_match(snapshot: Snapshot) -> ReconciliationException | None:
    """The newest that nobody has taken and that a person's match has explained since, locked.

    Of a wallet whose statement is complete, and only where everything says so: the rows add up to
    the balance, the change began between the two readings around the match, and what the match
    moved in the book is the exception's amount to the cent. Two changes that only happen to be
    opposite stay both.
    """
    wallet, amount = snapshot.wallet, -snapshot.drift
    unexplained = lock_unexplained(wallet)
    free = [each for each in unexplained if each.state == ExceptionState.OPEN]
    alike = [each for each in free if each.amount == amount]
    if not alike or not _adds_up(snapshot):
        return None
    matched_at = _matched_at(wallet, amount)
    known = [each for each in alike if matched_at is not None and each.opened_at < matched_at]
    return known[-1] if known else None


def take_back(snapshot: Snapshot, exception: ReconciliationException, *, now: datetime) -> None:
    """Close one that a match has explained: its money leaves suspense."""
    out_of_suspense(snapshot, exception, "explained by a match", now=now)
    exception.state, exception.resolved_at = ExceptionState.RESOLVED, now
    exception.resolution, exception.reason = Resolution.NOTED, MATCHED_SINCE
    exception.save(update_fields=["state", "resolved_at", "resolution", "reason"])


def _adds_up(snapshot: Snapshot) -> bool:
    rows = StatementRow.objects.filter(
        wallet=snapshot.wallet, before_cut_over=False, occurred_at__lt=snapshot.asked_at
    )
    return opening(snapshot.wallet) + signed_sum(rows) == snapshot.provider


def _matched_at(wallet: ProviderAccount, amount: Decimal) -> datetime | None:
    """When a person's match moved the book by `amount`, just before readings began to differ."""
    began = None
    for reading in quiet_snapshots(wallet)[:READINGS]:
        if left_over(reading) == -amount:
            began = reading
            continue
        if began is None or left_over(reading):
            return None
        return _last_match(wallet, amount, reading.answered_at, began.asked_at)
    return None


def _last_match(
    wallet: ProviderAccount, amount: Decimal, since: datetime, until: datetime
) -> datetime | None:
    matches = Match.objects.filter(
        row__wallet=wallet,
        by_pass=MatchPass.PERSON,
        undone_at__isnull=True,
        at__range=(since, until),
    )
    for match in matches.order_by("-at"):
        if _moved(match) == amount:
            return match.at
    return None


def _moved(match: Match) -> Decimal:
    """What a match did to the book: its row left suspense, and the difference was booked."""
    closed = ReconciliationException.objects.filter(
        row=match.row_id, resolution=Resolution.MATCHED, resolved_at=match.at
    )
    moved = -sum(closed.values_list("amount", flat=True), Decimal(0))
    differs = Transfer.objects.filter(key=f"match:{match.pk}:differs")
    for booked in differs.select_related("debit"):
        gained = booked.debit.kind == AccountKind.WALLET
        moved += booked.amount if gained else -booked.amount
    return moved
