"""The balances are proved: each is the fold of its account's transfers, and together they are 0."""

from django.db import connection

_DIFFERENCES = """
    WITH moves AS (
        SELECT t.debit_id, t.credit_id, t.wallet_id, t.currency,
            CASE WHEN t.phase IN ('posted', 'post') THEN t.amount ELSE 0 END AS posted,
            CASE WHEN t.phase = 'pending' AND r.id IS NULL THEN t.amount ELSE 0 END AS pending
        FROM ledger_transfer t LEFT JOIN ledger_transfer r ON r.resolves_id = t.id
        WHERE %(wallet)s::bigint IS NULL OR t.wallet_id = %(wallet)s
    ), fold AS (
        SELECT account_id, sum(debited) AS debits_posted, sum(credited) AS credits_posted,
            sum(debit_held) AS debits_pending, sum(credit_held) AS credits_pending
        FROM (
            SELECT debit_id AS account_id, posted AS debited, 0 AS credited,
                pending AS debit_held, 0 AS credit_held
            FROM moves
            UNION ALL
            SELECT credit_id, 0, posted, 0, pending FROM moves
        ) sides GROUP BY account_id
    ), compared AS (
        SELECT a.wallet_id, a.kind, a.currency, side.name, side.kept,
            coalesce(side.folded, 0) AS folded
        FROM ledger_account a
        LEFT JOIN ledger_balance b ON b.account_id = a.id
        LEFT JOIN fold f ON f.account_id = a.id
        CROSS JOIN LATERAL (VALUES
            ('debits', b.debits_posted, f.debits_posted),
            ('credits', b.credits_posted, f.credits_posted),
            ('held debits', b.debits_pending, f.debits_pending),
            ('held credits', b.credits_pending, f.credits_pending)
        ) side(name, kept, folded)
        WHERE %(wallet)s::bigint IS NULL OR a.wallet_id = %(wallet)s
    )
    SELECT format('wallet %%s, %%s: its %%s are %%s and its transfers come to %%s',
        wallet_id, kind, name, coalesce(kept::text, 'missing'), folded)
    FROM compared WHERE kept IS DISTINCT FROM folded
    UNION ALL
    SELECT format('%%s: all accounts together come to %%s and not to 0', currency,
        sum(CASE name WHEN 'debits' THEN kept WHEN 'credits' THEN -kept ELSE 0 END))
    FROM compared GROUP BY currency
    HAVING sum(CASE name WHEN 'debits' THEN kept WHEN 'credits' THEN -kept ELSE 0 END) <> 0
    ORDER BY 1
"""


def prove(wallet_id: int | None = None) -> list[str]:
    """What is wrong with a wallet's balances, or with all wallets'; empty where nothing is.

    Reads every transfer, and compares them with the balances as of one moment.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, {"wallet": wallet_id})
        return [words for (words,) in cursor.fetchall()]
