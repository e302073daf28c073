"""A refund's row and its purchase's row may carry the same number, whatever it means."""

from typing import Final

from ledger.matching.tables import MICROSECONDS, run
from ledger.states import MatchPass

_LONGEST: Final = 40 * 86_400 * MICROSECONDS  # between a purchase and its refund

# Purchases of the same number, by their matched rows. Two of the same number say nothing.
_BY_LINK: Final = """
    CREATE TEMP TABLE match_link AS
    SELECT * FROM (
        SELECT r.id AS row_id, r.amount, t.id AS transfer_id, t.reference,
            count(*) OVER (PARTITION BY r.id) AS purchases,
            row_number() OVER (PARTITION BY t.id ORDER BY r.at, r.place) AS turn
        FROM left_row r
        JOIN match_lead l ON l.lead = r.lead
        JOIN (
            SELECT id, (extract(epoch FROM occurred_at) * 1000000)::bigint AS at,
                substring(split_part(description, '#', 2) FROM '^\\s*(\\d+)') AS number
            FROM ledger_statementrow
            WHERE wallet_id = %(wallet)s AND kind = 'purchase'
        ) bought ON bought.number = r.number AND r.at - bought.at BETWEEN 0 AND %(longest)s
        JOIN ledger_match m ON m.row_id = bought.id AND m.undone_at IS NULL
        JOIN ledger_transfer t ON t.id = m.transfer_id
        LEFT JOIN match_service s ON s.service = t.service
        WHERE r.kind = 'refund' AND r.number <> '' AND (l.said = 0 OR l.said = s.number)
            AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
    ) found WHERE purchases = 1
"""
_LANDED: Final = """
    INSERT INTO match_pair
    SELECT row_id, item_id, %(what)s, %(by_pass)s FROM (
        SELECT k.row_id, i.id AS item_id, row_number() OVER (PARTITION BY k.row_id ORDER BY i.id) n,
            row_number() OVER (PARTITION BY i.id ORDER BY k.turn) AS m
        FROM match_link k
        JOIN left_item i ON i.reference = k.reference AND i.what = %(what)s
            AND i.amount = k.amount
        WHERE NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.item_id = i.id AND p.what = i.what)
            AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = k.row_id)
    ) found WHERE n = 1 AND m = 1
"""
_CLAIMED: Final = """
    INSERT INTO match_pair
    SELECT k.row_id, f.id, 'claim', 'reference' FROM match_link k
    JOIN ledger_refund f ON f.wallet_id = %(wallet)s AND f.reference = k.reference
        AND f.received < f.charged
    WHERE NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = k.row_id)
"""
# Money came back that nobody has asked for: after the rental ended, say.
_UNCLAIMED: Final = """
    INSERT INTO match_pair
    SELECT k.row_id, k.transfer_id, 'purchase', 'reference' FROM match_link k
    WHERE NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = k.row_id)
        AND NOT EXISTS (
            SELECT FROM ledger_refund f
            WHERE f.wallet_id = %(wallet)s AND f.reference = k.reference
        )
"""
# Without numbers to go by: the only purchase that it can be for. Purchases that are not ours, and
# refunds of others, are candidates like the rest.
_ONLY_PURCHASE: Final = """
    INSERT INTO match_pair
    SELECT row_id, transfer_id, 'purchase', 'unique' FROM (
        SELECT r.id AS row_id, bought.transfer_id, bought.unclaimed,
            count(*) OVER (PARTITION BY r.id) AS purchases,
            count(*) OVER (PARTITION BY bought.id) AS refunds,
            bought.number = '' OR r.number = '' OR bought.number = r.number OR %(refuted)s AS agree
        FROM left_row r
        JOIN match_lead l ON l.lead = r.lead
        JOIN (
            SELECT b.id, t.id AS transfer_id, lead.said, (b.amount * 10000)::bigint AS amount,
                (extract(epoch FROM b.occurred_at) * 1000000)::bigint AS at,
                coalesce(substring(split_part(b.description, '#', 2) FROM '^\\s*(\\d+)'), '')
                    AS number,
                s.number AS service,
                t.id IS NOT NULL AND NOT EXISTS (
                    SELECT FROM ledger_refund f
                    WHERE f.wallet_id = %(wallet)s AND f.reference = t.reference
                ) AS unclaimed
            FROM ledger_statementrow b
            LEFT JOIN ledger_match m ON m.row_id = b.id AND m.undone_at IS NULL
            LEFT JOIN ledger_transfer t ON t.id = m.transfer_id
            LEFT JOIN match_service s ON s.service = t.service
            LEFT JOIN match_lead lead ON lead.lead = split_part(b.description, '#', 1)
            WHERE b.wallet_id = %(wallet)s AND b.kind = 'purchase' AND b.occurred_at
                >= (SELECT to_timestamp(min(at) / 1000000.0) - %(day)s::interval FROM left_row)
        ) bought ON bought.amount = r.amount AND r.at - bought.at BETWEEN 0 AND %(reach)s
            AND (l.said = 0 OR bought.service IS NULL OR bought.service = l.said)
            AND (bought.unclaimed OR bought.transfer_id IS NULL)
        WHERE r.kind = 'refund'
            AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
    ) found WHERE purchases = 1 AND refunds = 1 AND unclaimed AND agree
"""
# Two rows of the provider's that share a number speak of one rental, whatever the number means.
_GUARD: Final = """
    INSERT INTO match_guard
    SELECT r.id FROM left_row r
    JOIN match_lead l ON l.lead = r.lead
    JOIN (
        SELECT (extract(epoch FROM b.occurred_at) * 1000000)::bigint AS at,
            (b.amount * 10000)::bigint AS amount, s.number AS service,
            substring(split_part(b.description, '#', 2) FROM '^\\s*(\\d+)') AS number,
            EXISTS (
                SELECT FROM left_item i
                WHERE i.reference = t.reference AND NOT EXISTS (
                    SELECT FROM ONLY match_pair p WHERE p.item_id = i.id AND p.what = i.what
                )
            ) AS awaits
        FROM ledger_statementrow b
        JOIN ledger_match m ON m.row_id = b.id AND m.undone_at IS NULL
        JOIN ledger_transfer t ON t.id = m.transfer_id
        LEFT JOIN match_service s ON s.service = t.service
        WHERE b.wallet_id = %(wallet)s AND b.kind = 'purchase' AND b.occurred_at >= (
            SELECT to_timestamp((min(at) - %(longest)s) / 1000000.0) FROM left_row
            WHERE number <> ''
        )
    ) bought ON bought.number = r.number AND bought.amount >= r.amount
        AND r.at - bought.at BETWEEN 0 AND %(longest)s
        AND (l.said <= 0 OR bought.service IS NULL OR bought.service = l.said)
    WHERE r.kind = 'refund' AND r.number <> ''
        AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
    GROUP BY r.id HAVING NOT bool_or(bought.awaits)
"""


def alike(wallet_id: int) -> None:
    """Of claims that are alike, the one for the purchase whose row has the same number: whatever
    the number means, no other has more to be said for it."""
    _by_link(wallet_id, MatchPass.ALIKE)


def guard(wallet_id: int) -> None:
    """Refunds whose number is that of a purchase for which nothing is awaited: for no other claim
    are they alike enough. Not where such numbers are known to mean something else."""
    run(_GUARD, {"wallet": wallet_id, "longest": _LONGEST})


def by_link(wallet_id: int) -> None:
    """The refund of the purchase whose row has the same number. Only where that is trusted."""
    values = {"wallet": wallet_id, "longest": _LONGEST}
    run("DROP TABLE IF EXISTS match_link")
    run(_BY_LINK, values)
    run(_LANDED, {"what": "transfer", "by_pass": MatchPass.REFERENCE.value})
    run(_CLAIMED, values)
    run(_UNCLAIMED, values)
    run("DROP TABLE match_link")


def by_link_again(wallet_id: int) -> None:
    """The same among the items at hand: the claims that would be open again are among them."""
    _by_link(wallet_id, MatchPass.REFERENCE)


def _by_link(wallet_id: int, by_pass: MatchPass) -> None:
    run("DROP TABLE IF EXISTS match_link")
    run(_BY_LINK, {"wallet": wallet_id, "longest": _LONGEST})
    for what in ("transfer", "claim"):
        run(_LANDED, {"what": what, "by_pass": by_pass.value})
    run("DROP TABLE match_link")


def only_purchase(wallet_id: int, *, within: int, refuted: bool) -> None:
    """A refund that nobody claimed, of the only purchase within so many seconds that it fits."""
    run(
        _ONLY_PURCHASE,
        {
            "wallet": wallet_id,
            "reach": within * MICROSECONDS,
            "day": f"{within} seconds",
            "refuted": refuted,
        },
    )
