"""How a row that nothing here explains is put in front of a person."""

from typing import Final

from ledger.models import StatementRow
from ledger.operations.exceptions import Report
from ledger.operations.rows import effect_of
from ledger.states import ExceptionKind, RowKind

KINDS: Final = {
    RowKind.PURCHASE: ExceptionKind.OUTSIDE_PURCHASE,
    RowKind.REFUND: ExceptionKind.OUTSIDE_REFUND,
    RowKind.DEPOSIT: ExceptionKind.UNKNOWN_ROW,
    RowKind.OTHER: ExceptionKind.UNKNOWN_ROW,
}


def unexplained(row: StatementRow, *, again_after: int | None = None) -> Report:
    """Its report; `again_after`: the match that explained it and was undone."""
    again = f":again:{again_after}" if again_after is not None else ":exception"
    return Report(
        key=f"row:{row.pk}{again}",
        kind=KINDS[RowKind(row.kind)],
        amount=effect_of(row),
        row=row,
        occurred_at=row.occurred_at,
        detail=f"{row.kind_raw}: {row.description}" if row.description else row.kind_raw,
    )
