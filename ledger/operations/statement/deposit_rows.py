"""Rows of money that was paid in: recorded by a person before, or booked now."""

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import ProviderAccount
from ledger.book import Entry, post_all
from ledger.days import team_day
from ledger.matching import items, passes, tables
from ledger.models import Match, StatementRow
from ledger.operations.statement import settling
from ledger.operations.statement.turn import Turn, batches, lock_book
from ledger.operations.statement.writing import UNEXPLAINED, report_unmatched, write_matches
from ledger.states import AccountKind, MatchPass, RowKind, TransferKind

DAY: Final = 86_400


def match_deposits(turn: Turn) -> None:
    kind = RowKind.DEPOSIT.value
    if not tables.begin(turn.wallet.pk, [kind]):
        return
    with transaction.atomic():
        lock_book(turn.wallet)  # who takes a deposit back comes before this or after it
        items.booked(turn.wallet.pk, kind, before=DAY, after=DAY)
        passes.only_fit(kind, ["transfer"], before=DAY, after=DAY)
        write_matches(turn)
    left = tables.rows(
        "SELECT id FROM match_row r WHERE NOT EXISTS"
        " (SELECT FROM match_pair p WHERE p.row_id = r.id) ORDER BY at, place"
    )
    for batch in batches([pk for (pk,) in left]):
        turn.alive()
        _book_deposits(turn, batch)
    report_unmatched(turn, UNEXPLAINED)


def _book_deposits(turn: Turn, batch: list[int]) -> None:
    with transaction.atomic():
        lock_book(turn.wallet)
        found = StatementRow.objects.filter(pk__in=batch).exclude(
            matches__undone_at__isnull=True, matches__isnull=False
        )
        rows = list(found.order_by("occurred_at", "pk"))
        ids = post_all([deposit(turn.wallet, row, now=turn.now) for row in rows])
        matches = [
            Match(row=row, transfer_id=pk, by_pass=MatchPass.UNIQUE, at=turn.now)
            for row, pk in zip(rows, ids, strict=True)
        ]
        turn.matched += len(Match.objects.bulk_create(matches))
        settling.settle_matched(turn.wallet, now=turn.now)


def deposit(wallet: ProviderAccount, row: StatementRow, *, now: datetime) -> Entry:
    """Money that was paid in, as the statement says."""
    return Entry(
        key=f"row:{row.pk}:deposit",
        wallet_id=wallet.pk,
        debit=AccountKind.WALLET,
        credit=AccountKind.FUNDING,
        amount=row.amount,
        kind=TransferKind.DEPOSIT,
        occurred_at=row.occurred_at,
        booked_on=team_day(wallet.team, now),
    )
