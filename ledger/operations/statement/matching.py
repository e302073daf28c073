"""What the statement's rows are is decided in passes, and written: matches, bookings, exceptions.

What is decided at once is written in steps, each whole in its own transaction. A run that is cut
off leaves some rows unexplained, and the next one goes on with those. While the steps write, the
book's row is locked, so that a person who matches at the same time comes before or after.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from accounts.models import ProviderAccount
from ledger.matching import tables
from ledger.matching.tables import LAST
from ledger.operations.statement import doubts, settling
from ledger.operations.statement.deposit_rows import match_deposits
from ledger.operations.statement.purchase_rows import match_purchases
from ledger.operations.statement.refund_rows import match_refunds
from ledger.operations.statement.revisiting import revisit
from ledger.operations.statement.turn import Turn, lock_book
from ledger.operations.statement.writing import OTHER, report_unmatched

ROUNDS: Final = 3  # what is undone by what was learned is matched again at once


@dataclass(frozen=True, slots=True)
class Outcome:
    matched: int  # rows, in this run
    opened: int  # exceptions


def match_wallet(
    wallet: ProviderAccount,
    *,
    now: datetime,
    complete: bool = True,
    read_at: datetime | None = None,
    alive: Callable[[], None] = lambda: None,
) -> Outcome:
    """Explain what can be explained of the wallet's rows, and open an exception for the rest.

    `complete`: the statement was read without a gap at `read_at`, so that what is not on it was
    not charged. `alive` is called between steps and may raise. Again it changes nothing.
    """
    turn = Turn(wallet, now, alive)
    doubts.undo_released(wallet, now=now)
    settling.settle_matched(wallet, now=now)
    turn.known = _latest_match(wallet)
    try:
        for _round in range(ROUNDS):
            _match(turn)
            if not revisit(turn):
                break
            turn.known = LAST
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            tables.end()
    if complete:
        doubts.find_not_charged(wallet, read_at=read_at or now, now=now)
    return Outcome(turn.matched, turn.opened)


def _latest_match(wallet: ProviderAccount) -> int:
    """With the book locked: whoever matches one of its rows afterwards draws a higher number."""
    with transaction.atomic():
        lock_book(wallet)
        return int(tables.rows("SELECT coalesce(max(id), 0) FROM ledger_match")[0][0])


def _match(turn: Turn) -> None:
    for step in (match_purchases, _restate, match_refunds, match_deposits, _others):
        turn.alive()
        turn.seen, turn.written = _latest_match(turn.wallet), 0
        step(turn)


def _restate(turn: Turn) -> None:
    with transaction.atomic():
        lock_book(turn.wallet)
        settling.restate(turn.wallet, turn.unsure, now=turn.now)


def _others(turn: Turn) -> None:
    report_unmatched(turn, OTHER)
