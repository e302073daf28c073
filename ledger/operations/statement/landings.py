"""Refunds whose rows were found to pay a claim are landed on it, and matched to what that books."""

from collections.abc import Collection

from django.db import transaction

from ledger.models import Match, StatementRow, Transfer
from ledger.operations.landing import Landing, land_all
from ledger.operations.statement import settling
from ledger.operations.statement.turn import Turn, batches, lock_book
from ledger.operations.statement.writing import Pair, pairs


def land_pairs(turn: Turn) -> None:
    for batch in batches(pairs("claim")):
        turn.alive()
        with transaction.atomic():
            lock_book(turn.wallet)
            settling.lock_waiting([row for row, _claim, _pass in batch])
            turn.matched += land_some(turn, batch)
            settling.settle_matched(turn.wallet, now=turn.now)


def land_some(turn: Turn, batch: list[Pair]) -> int:
    """Inside a transaction that holds the book; how many of them were matched."""
    rows = StatementRow.objects.in_bulk([row for row, _claim, _pass in batch])
    taken = Match.objects.filter(row__in=rows, undone_at__isnull=True)
    done = set(taken.values_list("row", flat=True))
    free = [pair for pair in batch if pair[0] not in done]
    keys = _fresh_keys([rows[row] for row, _claim, _pass in free])
    landings = [
        Landing(claim, rows[row].amount, keys[row], rows[row].occurred_at)
        for row, claim, _pass in free
    ]
    booked = land_all(turn.wallet, landings, now=turn.now)
    matches = [
        Match(row_id=row, transfer_id=booked[keys[row]], by_pass=by_pass, at=turn.now)
        for row, _claim, by_pass in free
        if keys[row] in booked
    ]
    return len(Match.objects.bulk_create(matches))


def fresh_key(row: StatementRow) -> str:
    """row:PK:refund, and after each time that it was taken back row:PK:refund:2, :3, …"""
    first = _first_key(row)
    before = Transfer.objects.filter(wallet=row.wallet_id, key__startswith=first).count()
    return f"{first}:{before + 1}" if before else first


def _fresh_keys(rows: Collection[StatementRow]) -> dict[int, str]:
    """By the row's id. Only where a match was undone can anything have landed before."""
    undone = Match.objects.filter(row__in=rows, undone_at__isnull=False)
    again = set(undone.values_list("row", flat=True))
    return {row.pk: fresh_key(row) if row.pk in again else _first_key(row) for row in rows}


def _first_key(row: StatementRow) -> str:
    return f"row:{row.pk}:refund"
