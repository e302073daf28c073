"""A refund that nobody is owed any more: whose it was, where its number or its time tells."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from ledger.matching.words import UNTOLD, meant, numbered
from ledger.models import StatementRow
from ledger.states import RowKind

WITHIN: Final = timedelta(days=40)  # after the first one; the clocks may be apart by a day
CLOCKS_APART: Final = timedelta(days=1)
NEAR: Final = timedelta(minutes=10)  # where only the time and the price tell
BY_ROW, BY_ACTIVATION = 2, 1  # a number need not be the activation
_NUMBER: Final = re.compile(r"#\s*(\d+)")
# Each claim with what it may be called on a statement: its activation, and the words of the rows
# that are matched to its purchase and to its refunds.
_PAID: Final = """
    SELECT f.id, f.reference, f.service, f.received, f.charged, f.received_at, f.external_id,
        ARRAY(
            SELECT r.description FROM ledger_transfer t
            JOIN ledger_match m ON m.transfer_id = t.id AND m.undone_at IS NULL
            JOIN ledger_statementrow r ON r.id = m.row_id
            WHERE t.wallet_id = f.wallet_id AND t.reference = f.reference
        )
    FROM ledger_refund f
    WHERE f.wallet_id = %(wallet)s AND f.state IN ('received', 'over_paid')
        AND (f.received = ANY(%(amounts)s) OR f.charged = ANY(%(amounts)s))
        AND f.received_at BETWEEN %(since)s AND %(until)s
"""
# Purchases that are not ours: a refund of the same amount may be theirs.
_OUTSIDE: Final = """
    SELECT r.amount, r.occurred_at FROM ledger_statementrow r
    WHERE r.wallet_id = %(wallet)s AND r.kind = 'purchase' AND NOT r.before_cut_over
        AND r.amount = ANY(%(amounts)s) AND r.occurred_at BETWEEN %(since)s AND %(until)s
        AND NOT EXISTS (
            SELECT FROM ledger_match m WHERE m.row_id = r.id AND m.undone_at IS NULL
        )
"""


@dataclass(frozen=True, slots=True)
class Paid:
    """A claim whose money came. `numbers`: how much says that each of them stands for it."""

    claim: int
    reference: str
    service: str
    amounts: Collection[Decimal]
    at: datetime
    numbers: Mapping[str, int]

    def fits(self, row: StatementRow) -> bool:
        apart = row.occurred_at - self.at
        return row.amount in self.amounts and -CLOCKS_APART <= apart <= WITHIN

    def is_near(self, row: StatementRow) -> bool:
        said = meant(row.description.split("#")[0], numbered([self.service]))
        return said >= UNTOLD and abs(row.occurred_at - self.at) <= NEAR


def paid_before(rows: Iterable[StatementRow]) -> dict[int, Paid]:
    """By row: the claim that it pays a second time. Rows of one wallet; others are left out."""
    refunds = [row for row in rows if row.kind == RowKind.REFUND and row.amount > 0]
    if not refunds:
        return {}
    values = _values(refunds)
    known = _paid(values)
    are_telling = any(max(each.numbers.values(), default=0) > BY_ROW for each in known)
    theirs = _rows(_OUTSIDE, values)
    found = {}
    for row in refunds:
        fitting = [each for each in known if each.fits(row)]
        number = _number(row.description)
        named = _named(fitting, number)
        if not named and not (number and are_telling) and not _may_be_of(row, theirs):
            named = [each for each in fitting if each.is_near(row)]
        if len(named) == 1:
            found[row.pk] = named[0]
    return found


def _named(fitting: list[Paid], number: str) -> list[Paid]:
    """Those that the number stands for as surely as for any."""
    sure = max((each.numbers.get(number, 0) for each in fitting), default=0)
    return [each for each in fitting if sure and each.numbers.get(number) == sure]


def _values(refunds: list[StatementRow]) -> dict[str, Any]:
    times = [row.occurred_at for row in refunds]
    return {
        "wallet": refunds[0].wallet_id,
        "amounts": [row.amount for row in refunds],
        "since": min(times) - WITHIN,
        "until": max(times) + CLOCKS_APART,
    }


def _paid(values: dict[str, Any]) -> list[Paid]:
    return [
        Paid(claim, reference, service, {received, charged}, at, _counted([external, *said]))
        for claim, reference, service, received, charged, at, external, said in _rows(_PAID, values)
    ]


def _counted(said: list[str]) -> dict[str, int]:
    activation, *descriptions = said
    counted = {activation: BY_ACTIVATION} if activation else {}
    for number in map(_number, descriptions):
        if number:
            counted[number] = counted.get(number, 0) + BY_ROW
    return counted


def _number(description: str) -> str:
    found = _NUMBER.search(description)
    return found[1] if found else ""


def _may_be_of(row: StatementRow, theirs: list[tuple[Any, ...]]) -> bool:
    return any(amount == row.amount and at <= row.occurred_at for amount, at in theirs)


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
