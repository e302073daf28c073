"""What refunds come to is kept in few rows: one of each kind, out of those that changes left."""

from typing import Final

from django.db import connection

_ALIKE: Final = "wallet_id, currency, cause, state, service"
_SUMS: Final = "sum(refunds), sum(expected_max), sum(received)"
# Of two at once the one that comes later finds the rows gone, and adds up none of them.
_FOLD: Final = f"""
    WITH several AS (
        SELECT {_ALIKE} FROM ledger_refundsum GROUP BY {_ALIKE} HAVING count(*) > 1
    ), gone AS (
        DELETE FROM ledger_refundsum WHERE ({_ALIKE}) IN (SELECT * FROM several)
        RETURNING {_ALIKE}, refunds, expected_max, received
    ), kept AS (
        INSERT INTO ledger_refundsum ({_ALIKE}, refunds, expected_max, received)
        SELECT {_ALIKE}, {_SUMS} FROM gone GROUP BY {_ALIKE}
        HAVING sum(refunds) <> 0 OR sum(expected_max) <> 0 OR sum(received) <> 0
    )
    SELECT count(*) FROM gone
"""  # noqa: S608 - words of our own


def fold_refunds() -> int:
    """Add up rows that are alike; gives how many there were. Safe at any time, and twice at once.

    What a reader sees comes to the same before and after.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
        (count,) = cursor.fetchone()
        return int(count)
