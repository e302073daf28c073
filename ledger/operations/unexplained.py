"""How a row that nothing here explains is put in front of a person."""

from decimal import Decimal
from typing import Final

from ledger.models import StatementRow
from ledger.operations.exceptions import Report
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
    detail = f"{row.kind_raw}: {row.description}" if row.description else row.kind_raw
    return Report(
        key=key if again_after is None else f"row:{row.pk}:again:{again_after}",
        kind=KINDS[RowKind(row.kind)],
        amount=Decimal(0) if unsure else effect_of(row),
        row=row,
        occurred_at=row.occurred_at,
        detail=f"{detail} ({UNSURE})" if unsure else detail,
    )
