"""How a row that nothing here explains is put in front of a person."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Final

from ledger.models import StatementRow
from ledger.operations.exceptions import Report
from ledger.operations.paid_twice import Paid, paid_before
from ledger.operations.statement.rows import effect_of
from ledger.states import ExceptionKind, RowKind

UNSURE: Final = "as alike as others to a rental of ours: say which one it is"
KINDS: Final = {
    RowKind.PURCHASE: ExceptionKind.OUTSIDE_PURCHASE,
    RowKind.REFUND: ExceptionKind.OUTSIDE_REFUND,
    RowKind.DEPOSIT: ExceptionKind.UNKNOWN_ROW,
    RowKind.OTHER: ExceptionKind.UNKNOWN_ROW,
}


def unexplained(
    row: StatementRow, *, again_after: int | None = None, turn: int = 1, unsure: bool = False
) -> Report:
    """Its report; `again_after`: the match that explained it and was undone.

    `unsure`: one of several rows that are alike is a booking of ours, and nobody can say which.
    Its money is in the book already, so the report only gives notice. `turn` counts the reports.
    """
    key = f"row:{row.pk}:exception" + (f":{turn}" if turn > 1 else "")
    if again_after is not None:
        key = f"row:{row.pk}:again:{again_after}"
    return _report(row, key, unsure=unsure, paid=paid_before([row]).get(row.pk))


def all_unexplained(rows: Sequence[StatementRow], *, unsure: Collection[int]) -> list[Report]:
    """The first reports of rows of one wallet."""
    paid = paid_before(rows)
    return [
        _report(row, f"row:{row.pk}:exception", unsure=row.pk in unsure, paid=paid.get(row.pk))
        for row in rows
    ]


def _report(row: StatementRow, key: str, *, unsure: bool, paid: Paid | None) -> Report:
    detail = f"{row.kind_raw}: {row.description}" if row.description else row.kind_raw
    if paid is not None:
        detail = f"{detail} (refund {paid.claim} for {paid.reference} was paid before)"
    return Report(
        key=key,
        kind=KINDS[RowKind(row.kind)] if paid is None else ExceptionKind.DOUBLE_REFUND,
        amount=Decimal(0) if unsure else effect_of(row),
        row=row,
        reference=paid.reference if paid is not None else "",
        occurred_at=row.occurred_at,
        detail=f"{detail} ({UNSURE})" if unsure else detail,
    )
