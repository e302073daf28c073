"""Rules of the book alone, as queries that find what breaks them: each gives lines of words."""

from typing import Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

_SIDES: Final = """
    SELECT side.account_id, side.is_debit,
        CASE WHEN t.phase IN ('posted', 'post') THEN t.amount END AS posted,
        CASE t.phase WHEN 'posted' THEN 0 WHEN 'pending' THEN t.amount ELSE -held.amount END
            AS pending
    FROM ledger_transfer t
    LEFT JOIN ledger_transfer held ON held.id = t.resolves_id
    CROSS JOIN LATERAL (VALUES (t.debit_id, true), (t.credit_id, false)) side(account_id, is_debit)
    WHERE t.wallet_id = $1
"""
RULES: Final = {
    "the accounts together are not 0": """
        SELECT sum(b.debits_posted - b.credits_posted)::text
        FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
        WHERE a.wallet_id = $1 HAVING sum(b.debits_posted - b.credits_posted) <> 0
    """,
    "a balance is not the fold of the transfers": f"""
        SELECT a.kind::text FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(posted) FILTER (WHERE is_debit), 0) AS dp,
                coalesce(sum(posted) FILTER (WHERE NOT is_debit), 0) AS cp,
                coalesce(sum(pending) FILTER (WHERE is_debit), 0) AS dh,
                coalesce(sum(pending) FILTER (WHERE NOT is_debit), 0) AS ch
            FROM ({_SIDES}) s WHERE s.account_id = a.id
        ) f ON true
        WHERE a.wallet_id = $1 AND (f.dp, f.cp, f.dh, f.ch)
            <> (b.debits_posted, b.credits_posted, b.debits_pending, b.credits_pending)
    """,  # noqa: S608 - our own words
    "more came back for a rental than was charged": """
        SELECT s.reference || ': ' || sum(s.amount) FROM (
            SELECT t.reference,
                CASE WHEN d.kind = 'spend' THEN t.amount ELSE -t.amount END AS amount
            FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id
                JOIN ledger_account c ON c.id = t.credit_id
            WHERE t.wallet_id = $1 AND t.phase IN ('posted', 'post')
                AND t.reference <> '' AND 'spend' IN (d.kind, c.kind)
        ) s GROUP BY s.reference HAVING sum(s.amount) < 0
    """,
    "a row is matched and yet unexplained": """
        SELECT r.provider_id || ' ' || e.kind FROM ledger_statementrow r
        JOIN ledger_match m ON m.row_id = r.id AND m.undone_at IS NULL
        JOIN ledger_reconciliationexception e ON e.row_id = r.id AND e.state <> 'resolved'
            AND e.kind IN ('outside_purchase', 'outside_refund', 'double_refund', 'unknown_row')
        WHERE r.wallet_id = $1
    """,
    "an exception's money is not in suspense as it says": """
        SELECT (s.booked || ' booked, ' || s.open || ' open')::text FROM (
            SELECT (SELECT coalesce(sum(b.credits_posted - b.debits_posted), 0)
                    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
                    WHERE a.wallet_id = $1 AND a.kind = 'suspense') AS booked,
                (SELECT coalesce(sum(amount), 0) FROM ledger_reconciliationexception
                    WHERE wallet_id = $1 AND state <> 'resolved') AS open
        ) s WHERE s.booked <> s.open
    """,
    "a rental and the book do not say the same": """
        SELECT 'rental ' || r.id || ' ' || r.state || ': held ' || r.held || ', charged '
            || coalesce(r.charged, 0) || '; in the book ' || b.held || ', ' || b.charged
        FROM rentals_rental r CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE t.phase WHEN 'pending' THEN t.amount ELSE -held.amount END)
                    FILTER (WHERE t.phase <> 'posted'), 0) AS held,
                coalesce(sum(t.amount) FILTER (WHERE t.phase IN ('posted', 'post')
                    AND (t.key LIKE '%:charge' OR t.key LIKE '%:above')), 0) AS charged
            FROM ledger_transfer t LEFT JOIN ledger_transfer held ON held.id = t.resolves_id
            WHERE t.wallet_id = $1 AND t.reference = 'rental:' || r.id
        ) b WHERE r.account_id = $1
            AND (r.held, coalesce(r.charged, 0)) <> (b.held, b.charged)
    """,
    "a refund did not receive what was booked for it": """
        SELECT f.reference || ': ' || f.received || ', booked ' || b.booked
        FROM ledger_refund f CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE WHEN d.kind = 'wallet' THEN t.amount ELSE -t.amount END), 0)
                AS booked
            FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id
            WHERE t.wallet_id = f.wallet_id AND t.reference = f.reference
                AND (t.kind = 'refund' OR t.kind = 'correction' AND t.key LIKE 'match:%:undone%')
        ) b WHERE f.wallet_id = $1 AND f.received <> b.booked
    """,
}
_ALL: Final = " UNION ALL ".join(
    f"SELECT '{name.replace("'", "''")}' AS rule, found.* FROM ({query}) found(words)"  # noqa: S608
    for name, query in RULES.items()
)
_DIGEST: Final = """
    SELECT coalesce(max(id), 0),
        md5(coalesce(string_agg(id || key || encode(request_hash, 'hex'), ',' ORDER BY id), ''))
    FROM ledger_transfer WHERE wallet_id = %s AND id <= %s
"""


def broken_rule(wallet_id: int) -> str:
    """The first rule that the wallet's book breaks, with what was found; "" for none."""
    with connection.cursor() as cursor:
        _prepare(cursor)
        cursor.execute("EXECUTE rules_of_the_book (%s)", [wallet_id])
        found = cursor.fetchone()
    return f"{found[0]} ({found[1]})" if found else ""


def _prepare(cursor: CursorWrapper) -> None:
    """Planning all of it takes longer than carrying it out."""
    cursor.execute("SELECT FROM pg_prepared_statements WHERE name = 'rules_of_the_book'")
    if cursor.fetchone() is None:
        cursor.execute(f"PREPARE rules_of_the_book (bigint) AS {_ALL}")


def digest(wallet_id: int, up_to: int = 2**62) -> tuple[int, str]:
    """The last transfer's id, and what all of them up to `up_to` say."""
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, [wallet_id, up_to])
        last, content = cursor.fetchone()
    return last, content


_EVERYTHING: Final = """
    SELECT md5(concat(
        (SELECT string_agg(t::text, ',' ORDER BY id)
            FROM ledger_transfer t WHERE wallet_id = %(w)s),
        (SELECT string_agg(m::text, ',' ORDER BY m.id) FROM ledger_match m
            JOIN ledger_statementrow r ON r.id = m.row_id WHERE r.wallet_id = %(w)s),
        (SELECT string_agg(e::text, ',' ORDER BY id)
            FROM ledger_reconciliationexception e WHERE wallet_id = %(w)s),
        (SELECT string_agg(f::text, ',' ORDER BY id) FROM ledger_refund f WHERE wallet_id = %(w)s),
        (SELECT string_agg(f::text, ',' ORDER BY id)
            FROM ledger_finding f WHERE wallet_id = %(w)s),
        (SELECT string_agg(r::text, ',' ORDER BY id)
            FROM ledger_statementrow r WHERE wallet_id = %(w)s)
    ))
"""


def everything(wallet_id: int) -> str:
    """What is known of a wallet, in a word; reconciliations and readings as they ran apart."""
    with connection.cursor() as cursor:
        cursor.execute(_EVERYTHING, {"w": wallet_id})
        return str(cursor.fetchone()[0])
