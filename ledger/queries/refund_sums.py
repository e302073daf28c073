"""The kept sums of refunds are proved: they are what the refunds come to."""

from typing import Final

from django.db import connection

_ALIKE: Final = "wallet_id, currency, cause, state, service"
_DIFFERENCES: Final = f"""
    WITH truth AS (
        SELECT {_ALIKE}, count(*)::numeric, sum(expected_max), sum(received)
        FROM ledger_refund GROUP BY {_ALIKE}
    ), kept AS (
        SELECT {_ALIKE}, sum(refunds), sum(expected_max), sum(received)
        FROM ledger_refundsum GROUP BY {_ALIKE}
        HAVING sum(refunds) <> 0 OR sum(expected_max) <> 0 OR sum(received) <> 0
    ), unequal AS (
        (SELECT * FROM truth EXCEPT SELECT * FROM kept)
        UNION ALL
        (SELECT * FROM kept EXCEPT SELECT * FROM truth)
    )
    SELECT format('wallet %s: what its refunds come to is kept wrong, of %s kinds',
        wallet_id, count(DISTINCT ({_ALIKE})))
    FROM unequal GROUP BY wallet_id ORDER BY wallet_id
"""  # noqa: S608 - words of our own


def prove() -> list[str]:
    """What is wrong with any wallet's sums; empty where nothing is. Reads every refund."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return [words for (words,) in cursor.fetchall()]
