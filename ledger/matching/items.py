"""What rows may be matched to: bookings that no row stands for yet, and what is still awaited."""

from typing import Final

from ledger.matching.tables import rows, run

_INTO: Final = "INSERT INTO left_item (id, what, said, amount, at, external, cause, reference)"
_AT: Final = "(date_part('epoch', {}) * 1000000)::bigint"
_FREE: Final = """
    NOT EXISTS (
        SELECT FROM ledger_match m WHERE m.transfer_id = t.id AND m.undone_at IS NULL
    )
"""
# As if the matches that are looked at again were not.
_FREE_AGAIN: Final = """
    NOT EXISTS (
        SELECT FROM ledger_match m WHERE m.transfer_id = t.id AND m.undone_at IS NULL
            AND m.id NOT IN (SELECT match_id FROM match_again)
    )
"""
_NEAR: Final = """
    t.occurred_at BETWEEN %(since)s AND %(until)s
"""
_SPAN: Final = """
    SELECT to_timestamp(min(at) / 1000000.0) - make_interval(secs => %(before)s),
        to_timestamp(max(at) / 1000000.0) + make_interval(secs => %(after)s)
    FROM match_row WHERE kind = %(kind)s
"""
# What was charged for a rental is its charge and what went beyond the hold. Where a row was found
# to be the hold's, it is the charge's.
_PURCHASES: Final = f"""
    {_INTO}
    SELECT t.id, 'transfer', coalesce(s.number, 0),
        ((t.amount + coalesce(above.amount, 0)) * 10000)::bigint, {_AT.format("t.occurred_at")},
        t.external_id, '', t.reference
    FROM ledger_transfer t
    LEFT JOIN match_service s ON s.service = t.service
    LEFT JOIN (
        SELECT reference, sum(amount) AS amount FROM ledger_transfer
        WHERE wallet_id = %(wallet)s AND kind = 'adjustment' AND key = reference || ':above'
        GROUP BY reference
    ) above ON above.reference = t.reference
    WHERE t.wallet_id = %(wallet)s AND t.kind = 'purchase' AND t.phase IN ('posted', 'post')
        AND {_NEAR} AND {_FREE}
        AND NOT EXISTS (
            SELECT FROM ledger_match m WHERE m.transfer_id = t.resolves_id AND m.undone_at IS NULL
        )
        AND NOT (t.phase = 'posted' AND t.reference IN (
            SELECT h.reference FROM ledger_transfer h
            JOIN ledger_match m ON m.transfer_id = h.id AND m.undone_at IS NULL
            WHERE h.wallet_id = %(wallet)s AND h.phase = 'pending'
        ))
"""  # noqa: S608 - our own words
_HOLDS: Final = f"""
    {_INTO}
    SELECT t.id, 'hold', coalesce(s.number, 0), (t.amount * 10000)::bigint,
        {_AT.format("t.occurred_at")}, '', '', t.reference
    FROM ledger_transfer t
    LEFT JOIN match_service s ON s.service = t.service
    WHERE t.wallet_id = %(wallet)s AND t.phase = 'pending' AND t.kind = 'purchase' AND {_FREE}
        AND NOT EXISTS (SELECT FROM ledger_transfer r WHERE r.resolves_id = t.id)
"""  # noqa: S608
_BOOKED: Final = f"""
    {_INTO}
    SELECT t.id, 'transfer', coalesce(s.number, 0), (t.amount * 10000)::bigint,
        {_AT.format("t.occurred_at")}, t.external_id, '', t.reference
    FROM ledger_transfer t
    LEFT JOIN match_service s ON s.service = t.service
    WHERE t.wallet_id = %(wallet)s AND t.kind = %(kind)s AND t.phase = 'posted' AND {_NEAR}
        AND {_FREE} AND t.key NOT LIKE 'row:%%' AND NOT (
            (t.key LIKE 'exception:%%' OR t.key LIKE 'deposit:%%')
            AND EXISTS (SELECT FROM ledger_transfer u WHERE u.key = t.key || ':undone')
        )
"""  # noqa: S608
# Written-off claims too: money that comes later still counts.
_CLAIMS: Final = f"""
    {_INTO}
    SELECT f.id, 'claim', coalesce(s.number, 0), ((f.charged - f.received) * 10000)::bigint,
        {_AT.format("f.claimed_at")}, f.external_id, f.cause || f.state, f.reference
    FROM ledger_refund f
    LEFT JOIN match_service s ON s.service = f.service
    WHERE f.wallet_id = %(wallet)s AND f.received < f.charged
        AND f.state IN ('expected', 'queued', 'short_paid', 'written_off')
        AND f.claimed_at <= %(until)s
"""  # noqa: S608


_CLAIMS_AGAIN: Final = f"""
    {_INTO}
    SELECT f.id, 'claim', coalesce(s.number, 0),
        ((f.charged - f.received + back.amount) * 10000)::bigint,
        {_AT.format("f.claimed_at")}, f.external_id, f.cause || 'expected', f.reference
    FROM ledger_refund f
    JOIN (
        SELECT item_id, sum(amount) AS amount FROM match_again WHERE what = 'claim' GROUP BY item_id
    ) back ON back.item_id = f.id
    LEFT JOIN match_service s ON s.service = f.service
"""  # noqa: S608


def purchases(wallet_id: int, *, window: int, again: bool = False) -> int:
    """`again`: also those whose matches are looked at again."""
    return run(_told(_PURCHASES, again=again), _near(wallet_id, "purchase", window, window))


def holds(wallet_id: int) -> int:
    """Money set aside for rentals whose outcome is not booked yet."""
    return run(_HOLDS, {"wallet": wallet_id})


def booked(wallet_id: int, kind: str, *, before: int, after: int, again: bool = False) -> int:
    """Refunds or deposits that were booked before their row was seen."""
    return run(_told(_BOOKED, again=again), _near(wallet_id, kind, before, after))


def claims(wallet_id: int, *, after: int, again: bool = False) -> int:
    found = run(_CLAIMS, _near(wallet_id, "refund", 0, after))
    return found + run(_CLAIMS_AGAIN) if again else found


def _told(statement: str, *, again: bool) -> str:
    return statement.replace(_FREE, _FREE_AGAIN) if again else statement


def _near(wallet_id: int, kind: str, before: int, after: int) -> dict[str, object]:
    """Bounds as values: the planner then knows how much lies between them."""
    since, until = rows(_SPAN, {"kind": kind, "before": before, "after": after})[0]
    return {"wallet": wallet_id, "kind": kind, "since": since, "until": until}
