"""How far a wallet's rows are from what they stand for, in time: learned from sure matches.

Where nearly all are within a second or three, rows much farther away are something else. Clocks
that disagree, or providers that book late, show in the same figures.
"""

from datetime import timedelta
from typing import Final

from ledger.matching.tables import LAST, MICROSECONDS, look_up, look_up_pairs

ENOUGH: Final = 10
LATEST: Final = 1_000
NEARLY_ALL: Final = 0.95
MOST: Final = 0.7
STEPS: Final = (1, 3, 10, 30)  # seconds

_PAIRED: Final = """
    SELECT abs(r.at - i.at) FROM match_pair p
    JOIN match_row r ON r.id = p.row_id
    JOIN match_item i ON i.id = p.item_id AND i.what = p.what
    WHERE p.by_pass = 'unique' LIMIT %(latest)s
"""
_CROWD: Final = """
    SELECT (SELECT count(*) FROM match_pair p WHERE p.by_pass = 'unique'),
        least(
            (SELECT count(*) FROM match_row r WHERE r.kind = %(kind)s AND r.at <= %(until)s),
            (SELECT count(*) FROM match_item i WHERE i.what = ANY(%(whats)s) AND i.at <= %(until)s)
        )
"""
_PROVED: Final = """
    SELECT m.row_id, m.transfer_id FROM ledger_match m JOIN ledger_statementrow r ON r.id = m.row_id
    WHERE r.wallet_id = %(wallet)s AND r.kind = %(kind)s AND m.undone_at IS NULL
        AND m.by_pass IN ('unique', 'reference') AND m.id <= %(until)s
    ORDER BY m.id DESC LIMIT %(latest)s
"""
_APART: Final = "abs(extract(epoch FROM {} - r.occurred_at) * 1000000)::bigint"
_OF_PURCHASES: Final = f"""
    SELECT {_APART.format("t.occurred_at")}
    FROM ({_PROVED}) proved JOIN ledger_statementrow r ON r.id = proved.row_id
    JOIN ledger_transfer t ON t.id = proved.transfer_id WHERE t.phase <> 'pending'
"""  # noqa: S608 - our own words
_OF_REFUNDS: Final = f"""
    SELECT {_APART.format("f.claimed_at")}
    FROM ({_PROVED}) proved JOIN ledger_statementrow r ON r.id = proved.row_id
    JOIN ledger_transfer t ON t.id = proved.transfer_id
    JOIN ledger_refund f ON f.wallet_id = t.wallet_id AND f.reference = t.reference
    WHERE f.cause = 'cancelled'
"""  # noqa: S608
_OF_HOLDS: Final = f"""
    SELECT {_APART.format("held.occurred_at")}
    FROM ({_PROVED}) proved JOIN ledger_statementrow r ON r.id = proved.row_id
    JOIN ledger_transfer t ON t.id = proved.transfer_id
    JOIN ledger_transfer held ON held.id = t.resolves_id
"""  # noqa: S608
_AHEAD_OF_HOLDS: Final = f"""
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY r.occurred_at - held.occurred_at)
    FROM ({_PROVED}) proved JOIN ledger_statementrow r ON r.id = proved.row_id
    JOIN ledger_transfer t ON t.id = proved.transfer_id
    JOIN ledger_transfer held ON held.id = t.resolves_id
"""  # noqa: S608


def of_pairs() -> int | None:
    """The seconds within which the unique pairs just found are; None where they are not."""
    return _within([apart for (apart,) in look_up_pairs(_PAIRED, {"latest": LATEST})])


def holds_in_a_crowd(kind: str, whats: list[str], *, until: int) -> bool:
    """Whether most have one partner in the window of the unique pairs just found, and no other.

    By chance at most one in seven has: rows and bookings that come at random, whatever their rate.
    """
    pairs, all_there_are = look_up_pairs(_CROWD, {"kind": kind, "whats": whats, "until": until})[0]
    return bool(pairs >= ENOUGH and pairs >= MOST * all_there_are)


def of_purchases(wallet_id: int) -> int | None:
    return _learned(_OF_PURCHASES, wallet_id, "purchase")


def of_refunds(wallet_id: int, *, until: int = LAST) -> int | None:
    """After their cancels. `until`: the latest match that can be one of a refund."""
    return _learned(_OF_REFUNDS, wallet_id, "refund", until)


def of_holds(wallet_id: int) -> int | None:
    """Between asking for a number and the row of its charge."""
    return _learned(_OF_HOLDS, wallet_id, "purchase")


def ahead_of_holds(wallet_id: int) -> timedelta:
    """How far after their numbers were asked for the latest charges are, by the provider's clock:
    nothing where none is proved."""
    values = {"wallet": wallet_id, "kind": "purchase", "latest": LATEST, "until": LAST}
    found = look_up(_AHEAD_OF_HOLDS, values)
    return found[0][0] or timedelta(0)


def up_to(pace: int | None) -> list[int]:
    """The windows to look through, the narrowest first."""
    return [step for step in STEPS if pace is not None and step <= pace]


def _learned(statement: str, wallet_id: int, kind: str, until: int = LAST) -> int | None:
    values = {"wallet": wallet_id, "kind": kind, "latest": LATEST, "until": until}
    return _within([apart for (apart,) in look_up(statement, values)])


def _within(distances: list[int]) -> int | None:
    if len(distances) < ENOUGH:
        return None
    for step in STEPS:
        inside = sum(apart <= step * MICROSECONDS for apart in distances)
        if inside >= NEARLY_ALL * len(distances):
            return step
    return None
