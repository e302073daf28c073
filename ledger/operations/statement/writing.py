"""What the passes decided is written: matches to what is booked, and what is left to a person.

Each step is whole in its own transaction, with the book's row locked, so that a person who matches
at the same time comes before or after.
"""

from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from ledger.matching import tables
from ledger.models import Match, StatementRow, Transfer
from ledger.operations.exceptions import report_all
from ledger.operations.recharging import lock_claims
from ledger.operations.statement import settling
from ledger.operations.statement.charges import correct_difference
from ledger.operations.statement.turn import Turn, batches, lock_book
from ledger.operations.unexplained import all_unexplained
from ledger.states import MatchPass

_WRITE: Final = """
    INSERT INTO ledger_match (row_id, transfer_id, by_pass, at, reason)
    SELECT p.row_id, p.item_id, p.by_pass, %(now)s, ''
    FROM match_pair p
    WHERE p.what = 'transfer' AND NOT p.differs
        AND NOT EXISTS (
            SELECT FROM ledger_match m
            WHERE m.id > %(seen)s AND m.transfer_id = p.item_id AND m.undone_at IS NULL
        )
        AND NOT EXISTS (
            SELECT FROM ledger_match m
            WHERE m.id > %(seen)s AND m.row_id = p.row_id AND m.undone_at IS NULL
        )
    ORDER BY p.row_id
"""
_PAIRS: Final = "SELECT p.row_id, p.item_id, p.by_pass FROM match_pair p WHERE p.what = %s"
_DIFFERING: Final = """
    SELECT p.row_id, p.item_id, (r.amount - i.amount) / 10000.0::numeric FROM match_pair p
    JOIN match_row r ON r.id = p.row_id
    JOIN match_item i ON i.id = p.item_id AND i.what = p.what
    WHERE p.what = 'transfer' AND p.differs
"""
_IS_WRITTEN: Final = "SELECT count(*) = %s FROM match_pair"
UNEXPLAINED: Final = """
    SELECT r.id FROM match_row r
    WHERE NOT EXISTS (
            SELECT FROM ledger_match m
            WHERE m.id > %(seen)s AND m.row_id = r.id AND m.undone_at IS NULL
        )
        AND NOT EXISTS (SELECT FROM ledger_reconciliationexception e WHERE e.row_id = r.id)
    ORDER BY r.id
"""
# Those that no pass looks at.
OTHER: Final = """
    SELECT r.id FROM ledger_statementrow r
    WHERE r.wallet_id = %(wallet)s AND NOT r.before_cut_over AND (r.kind = 'other' OR r.amount <= 0)
        AND NOT EXISTS (
            SELECT FROM ledger_match m WHERE m.row_id = r.id AND m.undone_at IS NULL
        )
        AND NOT EXISTS (SELECT FROM ledger_reconciliationexception e WHERE e.row_id = r.id)
    ORDER BY r.id
"""

type Pair = tuple[int, int, str]  # the row, the item, the pass


def write_matches(turn: Turn) -> None:
    """Matches to what is booked already: only those whose amounts differ move money."""
    with transaction.atomic():
        lock_book(turn.wallet)
        tables.run("ANALYZE match_pair")
        written = tables.run(_WRITE, {"now": turn.now, "seen": turn.seen})
        turn.matched += written
        turn.written += written
        differing = tables.rows(_DIFFERING)
        lock_claims(turn.wallet, [transfer for _row, transfer, _difference in differing])
        for row, transfer, difference in differing:
            turn.matched += _correct(turn, row, transfer, difference)
        settling.settle_matched(turn.wallet, now=turn.now)
    tables.wrote(written)


def _correct(turn: Turn, row_id: int, transfer_id: int, difference: Decimal) -> int:
    """The row is the purchase's beyond doubt, and says another amount than was booked."""
    if Match.objects.filter(transfer=transfer_id, undone_at__isnull=True).exists():
        return 0
    row, booked = StatementRow.objects.get(pk=row_id), Transfer.objects.get(pk=transfer_id)
    match = Match.objects.create(row=row, transfer=booked, by_pass=MatchPass.REFERENCE, at=turn.now)
    correct_difference(turn.wallet, match, difference, now=turn.now)
    return 1


def report_unmatched(turn: Turn, which: str) -> None:
    """What no pass explained is put in front of a person, each row once."""
    if which == UNEXPLAINED and tables.rows(_IS_WRITTEN, [turn.written])[0][0]:
        which = which.replace("match_row", "left_row")  # the mass is matched
    found = tables.rows(which, {"wallet": turn.wallet.pk, "seen": turn.seen})
    for batch in batches([pk for (pk,) in found]):
        turn.alive()
        with transaction.atomic():
            lock_book(turn.wallet)
            left = _unmatched(batch).order_by("pk")
            reports = all_unexplained(list(left), unsure=turn.unsure)
            turn.opened += report_all(turn.wallet, reports, now=turn.now)


def _unmatched(row_ids: list[int]) -> QuerySet[StatementRow]:
    matched = Match.objects.filter(row__in=row_ids, undone_at__isnull=True)
    return StatementRow.objects.filter(pk__in=row_ids).exclude(pk__in=matched.values("row"))


def pairs(what: str) -> list[Pair]:
    return [(row, item, by_pass) for row, item, by_pass in tables.rows(_PAIRS, [what])]
