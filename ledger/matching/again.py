"""Matches by likeness that what was learned since contradicts.

Before a wallet's pace was known, a row stood for whatever was alike within minutes; before its
numbers meant anything, whatever number it had. A match by a person, or by anything but likeness,
is never among these.
"""

from typing import Final

from ledger.matching.tables import MICROSECONDS, look_up, rows, run

AT_MOST: Final = 500  # at a time: the latest

_ANY: Final = """
    SELECT FROM ledger_match m JOIN ledger_statementrow r ON r.id = m.row_id
    WHERE m.by_pass = 'alike' AND m.undone_at IS NULL AND r.wallet_id = %(wallet)s
        AND r.kind = %(kind)s
    LIMIT 1
"""
_NUMBER: Final = "substring(split_part({}.description, '#', 2) FROM '^\\s*(\\d+)')"
_CONTRADICTED: Final = f"""
    SELECT m.id FROM ledger_match m
    JOIN ledger_statementrow r ON r.id = m.row_id
    JOIN ledger_transfer t ON t.id = m.transfer_id
    LEFT JOIN ledger_refund f ON r.kind = 'refund' AND f.wallet_id = t.wallet_id
        AND f.reference = t.reference
    CROSS JOIN LATERAL (SELECT {_NUMBER.format("r")} AS number) said
    WHERE m.by_pass = 'alike' AND m.undone_at IS NULL AND m.actor_id IS NULL
        AND r.wallet_id = %(wallet)s AND r.kind = %(kind)s
        AND (
            (r.kind = 'purchase' OR f.cause = 'cancelled') AND
                abs(extract(epoch FROM r.occurred_at - coalesce(f.claimed_at, t.occurred_at)))
                    * {MICROSECONDS} > %(within)s
            OR %(trusted)s AND said.number <> t.external_id AND t.external_id <> ''
            OR %(linked)s AND said.number <> (
                SELECT {_NUMBER.format("b")}
                FROM ledger_transfer bought
                JOIN ledger_match bm ON bm.transfer_id = bought.id AND bm.undone_at IS NULL
                JOIN ledger_statementrow b ON b.id = bm.row_id AND b.kind = 'purchase'
                WHERE bought.wallet_id = t.wallet_id AND bought.reference = t.reference
                    AND bought.kind = 'purchase'
                LIMIT 1
            )
        )
        AND NOT EXISTS (
            SELECT FROM ledger_reconciliationexception e
            WHERE e.wallet_id = t.wallet_id AND e.key = 'excess:' || t.key
        )
    ORDER BY m.id DESC LIMIT {AT_MOST}
"""  # noqa: S608 - our own words
_KEEP: Final = """
    DELETE FROM match_pair p
    WHERE NOT EXISTS (SELECT FROM match_again a WHERE a.row_id = p.row_id)
            AND NOT EXISTS (
                SELECT FROM match_again a WHERE a.item_id = p.item_id AND a.what = p.what
            )
        OR EXISTS (
            SELECT FROM match_again a
            WHERE a.row_id = p.row_id AND a.item_id = p.item_id AND a.what = p.what
        )
"""
_TOUCHED: Final = """
    SELECT a.match_id FROM match_again a
    WHERE EXISTS (
        SELECT FROM match_pair p
        WHERE p.row_id = a.row_id OR (p.item_id = a.item_id AND p.what = a.what)
    )
    ORDER BY a.match_id
"""


def is_there_any(wallet_id: int, kind: str) -> bool:
    """Whether any row of this kind is matched by likeness."""
    return bool(look_up(_ANY, {"wallet": wallet_id, "kind": kind}))


def contradicted(
    wallet_id: int, kind: str, *, within: int | None, trusted: bool, linked: bool = False
) -> list[int]:
    """The matches by likeness, the latest first, that are farther apart in time than `within`
    seconds, or whose trusted number is another's."""
    far = 2**62 if within is None else within * MICROSECONDS
    values = {"within": far, "trusted": trusted, "linked": linked}
    found = look_up(_CONTRADICTED, {"wallet": wallet_id, "kind": kind} | values)
    return [pk for (pk,) in found]


def keep_better() -> list[int]:
    """Keep those of the pairs just found that say otherwise; the matches in their way."""
    run(_KEEP)
    return [pk for (pk,) in rows(_TOUCHED)]
