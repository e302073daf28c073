"""The passes: each adds pairs for rows and items that no earlier one has paired."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ledger.matching.pairing import Moment, pairs, waiting
from ledger.matching.tables import MICROSECONDS, rows, run
from ledger.states import MatchPass

FOR_EVER: Final = 2**62
SERVICES: Final = 2**21  # more than there are, twice: one number then tells a stretch and a service
STRETCH: Final = 32  # times the window: most pairs are far from its ends, and few share one

# Whose number is trusted is no longer matched by likeness against what the number says.
_PART: Final = """
    CASE WHEN NOT (%(trusted)s OR %(linked)s) THEN 0 WHEN {word} THEN {without} ELSE {with_} END
"""
_STREAM: Final = f"""
    WITH stream AS (
        SELECT 0 AS side, r.id, r.at, r.place, r.amount,
            CASE WHEN %(by_service)s THEN l.said ELSE 0 END AS said, '' AS cause, '' AS what,
            {_PART.format(word="r.number = ''", without=1, with_=0)} AS part
        FROM left_row r JOIN match_lead l ON l.lead = r.lead
        WHERE r.kind = %(kind)s AND (l.said > 0) = %(by_service)s AND l.said >= 0
            AND r.at <= %(until)s
            AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
            AND NOT EXISTS (SELECT FROM match_guard g WHERE g.row_id = r.id AND %(guarded)s)
        UNION ALL
        SELECT 1, i.id, i.at, i.id, i.amount, CASE WHEN %(by_service)s THEN i.said ELSE 0 END,
            i.cause, i.what,
            {_PART.format(word="i.external = '' AND NOT %(linked)s", without=0, with_=1)}
        FROM left_item i
        WHERE i.what = ANY(%(whats)s) AND i.at <= %(until)s + %(window)s
            AND NOT EXISTS (
                SELECT FROM ONLY match_pair p WHERE p.item_id = i.id AND p.what = i.what
            )
    ), gaps AS (
        SELECT *, lag(at) OVER alike IS NULL OR at - lag(at) OVER alike > %(window)s AS fresh
        FROM stream
        WINDOW alike AS (PARTITION BY said, amount, part ORDER BY at, side, place)
    ), clustered AS (
        SELECT *, count(*) FILTER (WHERE fresh)
            OVER (ORDER BY said, amount, part, at, side, place) AS cluster
        FROM gaps
    )
"""  # noqa: S608 - our own words
_ROW_LIKENESS: Final = f"""
    (r.at / %(stretch)s) * {SERVICES} + l.said * 2
        + {_PART.format(word="r.number = ''", without=1, with_=0)}
"""
_ITEM_LIKENESS: Final = f"""
    (i.at / %(stretch)s) * {SERVICES} + i.said * 2
        + {_PART.format(word="i.external = '' AND NOT %(linked)s", without=0, with_=1)}
"""
# The mass of them without putting anything in order: alone with each other in a stretch of time,
# and so far from its ends that nothing outside it can be within reach.
_APART: Final = f"""
    WITH stream AS (
        SELECT {_ROW_LIKENESS} AS likeness, r.amount, r.at, r.id AS row_id,
            NULL::bigint AS item_id, NULL AS what
        FROM left_row r JOIN match_lead l ON l.lead = r.lead
        WHERE r.kind = %(kind)s AND l.said > 0
            AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
        UNION ALL
        SELECT {_ITEM_LIKENESS}, i.amount, i.at, NULL, i.id, i.what
        FROM left_item i
        WHERE i.what = ANY(%(whats)s)
            AND NOT EXISTS (
                SELECT FROM ONLY match_pair p WHERE p.item_id = i.id AND p.what = i.what
            )
    ), likes AS MATERIALIZED (
        SELECT likeness, amount, max(row_id) AS row_id, max(item_id) AS item_id, max(what) AS what,
            count(*) = 2 AND max(row_id) + max(item_id) IS NOT NULL
                AND max(at) - min(at) <= %(window)s
                AND min(at) %% %(stretch)s >= %(window)s
                AND max(at) %% %(stretch)s < %(stretch)s - %(window)s AS apart
        FROM stream GROUP BY likeness, amount
    ), paired AS (
        INSERT INTO match_sure SELECT row_id, item_id, what, 'unique' FROM likes WHERE apart
    )
    INSERT INTO match_close SELECT likeness, amount FROM likes WHERE NOT apart
"""  # noqa: S608
# What is paired is taken out of what the passes look at: they are for the few that are left.
_SET_ASIDE: Final = f"""
    ANALYZE match_close;
    CREATE TEMP TABLE match_left_row AS
    SELECT r.* FROM match_row r
    JOIN match_lead l ON l.lead = r.lead
    WHERE (
            r.kind <> %(kind)s OR l.said <= 0
            OR ({_ROW_LIKENESS}, r.amount) IN (SELECT likeness, amount FROM match_close)
        )
        AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id);
    CREATE TEMP TABLE match_left_item AS
    SELECT i.* FROM match_item i
    WHERE (
            i.what <> ALL(%(whats)s)
            OR ({_ITEM_LIKENESS}, i.amount) IN (SELECT likeness, amount FROM match_close)
        )
        AND NOT EXISTS (
            SELECT FROM ONLY match_pair p WHERE p.item_id = i.id AND p.what = i.what
        );
    INSERT INTO match_sure SELECT * FROM ONLY match_pair;
    TRUNCATE ONLY match_pair;
    ANALYZE match_sure;
    ANALYZE match_left_row;
    ANALYZE match_left_item;
    CREATE OR REPLACE TEMP VIEW left_row AS SELECT * FROM match_left_row;
    CREATE OR REPLACE TEMP VIEW left_item AS SELECT * FROM match_left_item
"""  # noqa: S608
# No pair of a cluster could be made with anything outside it.
_UNIQUE: Final = f"""
    {_STREAM}
    INSERT INTO match_pair
    SELECT sum(id) FILTER (WHERE side = 0), sum(id) FILTER (WHERE side = 1), max(what), 'unique'
    FROM clustered GROUP BY cluster HAVING count(*) = 2 AND sum(side) = 1
"""  # noqa: S608
_ALIKE: Final = f"""
    CREATE TEMP TABLE match_cluster AS
    {_STREAM}
    SELECT cluster,
        array_agg(id ORDER BY at, side, place) FILTER (WHERE side = 0) AS row_ids,
        array_agg(at ORDER BY at, side, place) FILTER (WHERE side = 0) AS row_ats,
        array_agg(id ORDER BY at, side, place) FILTER (WHERE side = 1) AS item_ids,
        array_agg(at ORDER BY at, side, place) FILTER (WHERE side = 1) AS item_ats,
        array_agg(what ORDER BY at, side, place) FILTER (WHERE side = 1) AS whats,
        min(cause) FILTER (WHERE side = 1) = max(cause) FILTER (WHERE side = 1) AS same_cause
    FROM clustered GROUP BY cluster HAVING count(*) > sum(side) AND sum(side) > 0
"""  # noqa: S608
# As many of each, and all of them within reach in the order of time.
_EVEN: Final = """
    INSERT INTO match_pair
    SELECT each.row_id, each.item_id, each.what, 'alike'
    FROM match_cluster c
    CROSS JOIN LATERAL unnest(c.row_ids, c.item_ids, c.whats) AS each(row_id, item_id, what)
    WHERE cardinality(c.row_ids) = cardinality(c.item_ids)
        AND NOT EXISTS (
            SELECT FROM unnest(c.row_ats, c.item_ats) AS t(row_at, item_at)
            WHERE abs(t.row_at - t.item_at) > %(window)s
        )
"""
_UNEVEN: Final = """
    SELECT row_ids, row_ats, item_ids, item_ats, whats, same_cause FROM match_cluster c
    WHERE NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = c.row_ids[1])
"""
_BY_NUMBER: Final = """
    INSERT INTO match_pair
    SELECT found.row_id, found.item_id, found.what, 'reference', found.differs FROM (
        SELECT r.id AS row_id, i.id AS item_id, i.what, r.amount <> i.amount AS differs,
            count(*) OVER (PARTITION BY r.id) AS items,
            count(*) OVER (PARTITION BY i.what, i.id) AS rows
        FROM left_row r
        JOIN match_lead l ON l.lead = r.lead
        JOIN left_item i ON i.external = r.number AND (l.said = 0 OR l.said = i.said)
        WHERE r.kind = %(kind)s AND r.number <> '' AND i.what = ANY(%(whats)s)
            AND (r.amount = i.amount OR NOT %(same_amount)s)
            AND r.at - i.at BETWEEN -%(before)s AND %(after)s
            AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
            AND NOT EXISTS (
                SELECT FROM ONLY match_pair p WHERE p.item_id = i.id AND p.what = i.what
            )
    ) found WHERE found.items = 1 AND found.rows = 1
"""
# Few of either side: mutually unique by an ordinary join.
_ONLY_FIT: Final = """
    INSERT INTO match_pair
    SELECT found.row_id, found.item_id, found.what, 'unique' FROM (
        SELECT r.id AS row_id, i.id AS item_id, i.what,
            count(*) OVER (PARTITION BY r.id) AS items,
            count(*) OVER (PARTITION BY i.what, i.id) AS rows
        FROM left_row r
        JOIN match_lead l ON l.lead = r.lead
        JOIN left_item i ON (i.amount = r.amount OR (%(less)s AND r.amount < i.amount))
            AND (l.said = i.said OR (l.said = 0 AND NOT %(less)s) OR r.kind = 'deposit')
        WHERE r.kind = %(kind)s AND i.what = ANY(%(whats)s)
            AND r.at - i.at BETWEEN -%(before)s AND %(after)s
            AND (r.number = '' OR NOT %(linked)s)
            AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
            AND NOT EXISTS (
                SELECT FROM ONLY match_pair p WHERE p.item_id = i.id AND p.what = i.what
            )
    ) found WHERE found.items = 1 AND found.rows = 1
"""
# Those that had been set aside are among what is left again.
_STRAYS: Final = """
    CREATE TEMP TABLE match_stray AS
    SELECT p.row_id, p.item_id, p.what, p.tableoid = 'match_sure'::regclass AS aside
    FROM match_pair p, match_row r, match_item i
    WHERE r.id = p.row_id AND i.id = p.item_id AND i.what = p.what AND p.by_pass = 'unique'
        AND r.number <> '' AND i.external <> '' AND r.number <> i.external;
    DELETE FROM match_pair p USING match_stray s WHERE s.row_id = p.row_id;
    INSERT INTO left_row
    SELECT r.* FROM match_row r JOIN match_stray s ON s.aside AND s.row_id = r.id;
    INSERT INTO left_item
    SELECT i.* FROM match_item i
    JOIN match_stray s ON s.aside AND s.item_id = i.id AND s.what = i.what;
    DROP TABLE match_stray
"""
_GUARD: Final = """
    INSERT INTO match_guard
    SELECT r.id FROM left_row r JOIN match_lead l ON l.lead = r.lead
    WHERE EXISTS (
        SELECT FROM ledger_statementrow b
        LEFT JOIN match_lead said ON said.lead = split_part(b.description, '#', 1)
        WHERE b.wallet_id = %(wallet)s AND b.kind = 'purchase' AND NOT b.before_cut_over
            AND (b.amount * 10000)::bigint >= r.amount
            AND b.occurred_at BETWEEN to_timestamp(r.at / 1000000.0) - %(within)s::interval
                AND to_timestamp(r.at / 1000000.0)
            AND (l.said <= 0 OR said.said IS NULL OR said.said <= 0 OR said.said = l.said)
            AND NOT EXISTS (
                SELECT FROM ledger_match m WHERE m.row_id = b.id AND m.undone_at IS NULL
            )
    ) AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
"""
_LEFT_ROWS: Final = """
    SELECT l.said, r.amount, r.at, r.id FROM left_row r JOIN match_lead l ON l.lead = r.lead
    WHERE r.kind = 'refund' AND l.said > 0 AND (r.number = '' OR NOT %(linked)s)
        AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id)
        AND NOT EXISTS (SELECT FROM match_guard g WHERE g.row_id = r.id)
    ORDER BY r.at, r.place
"""
_LEFT_CLAIMS: Final = """
    SELECT i.said, i.amount, i.at, i.id, i.cause FROM left_item i
    WHERE i.what = 'claim' AND (%(untrusted)s OR i.external = '')
        AND NOT EXISTS (SELECT FROM ONLY match_pair p WHERE p.item_id = i.id AND p.what = 'claim')
    ORDER BY i.at, i.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What rows and items are compared by: the same service and amount, within `window` seconds.

    `trusted`, `linked`: the rows' numbers mean something, so that a row that has one is no longer
    matched by likeness to an item whose number is known to be another. `guarded`: rows that may
    as well be somebody else's are left out. `until`: only what is not later.
    """

    kind: str
    whats: list[str]
    window: int
    trusted: bool = False
    linked: bool = False
    guarded: bool = False
    until: int = FOR_EVER

    def values(self, *, by_service: bool = True) -> dict[str, object]:
        return {
            "kind": self.kind,
            "whats": self.whats,
            "window": self.window * MICROSECONDS,
            "trusted": self.trusted,
            "linked": self.linked,
            "guarded": self.guarded,
            "until": self.until,
            "by_service": by_service,
        }


def apart(like: Likeness, windows: Sequence[int]) -> None:
    """The pairs that `unique` finds in these windows, one after another, but for the nearer ones.

    What is alone with its like beyond the widest is the same in each of them. Rows of no said
    service come in between, and may fit what a wider window would have taken.
    """
    untold = rows("SELECT FROM match_lead WHERE said = 0 LIMIT 1")
    like = replace(like, window=windows[0] if untold else windows[-1])
    values = like.values() | {"stretch": STRETCH * _reach(like.window)}
    run(_APART, values)
    run(_SET_ASIDE, values)


def unique(like: Likeness) -> None:
    """One row and one booking that fit nothing but each other."""
    run(_UNIQUE, like.values())
    if rows("SELECT FROM match_lead WHERE said = 0 LIMIT 1"):
        run(_UNIQUE, like.values(by_service=False))


def even(like: Likeness) -> None:
    """As many rows as bookings, alike and near: whichever is whose, the book is the same."""
    _gather(like)
    run(_EVEN, like.values())
    run("DROP TABLE match_cluster")


def fewer_rows(like: Likeness) -> None:
    """Fewer rows than bookings, alike and near: they are the oldest."""
    _gather(like)
    _add(list(_uneven(like, more_rows=False)), MatchPass.ALIKE)
    run("DROP TABLE match_cluster")


def more_rows(like: Likeness) -> list[int]:
    """More rows than bookings, alike and near: some are somebody else's, and nobody can say which.

    Gives as many of the rows as there are bookings, the nearest in time. They are not paired.
    """
    _gather(like)
    found = [row for row, _item, _what in _uneven(like, more_rows=True)]
    run("DROP TABLE match_cluster")
    return found


def _gather(like: Likeness) -> None:
    run("DROP TABLE IF EXISTS match_cluster")
    run(_ALIKE, like.values())


def _uneven(like: Likeness, *, more_rows: bool) -> Iterator[tuple[int, int, str]]:
    for row_ids, row_ats, item_ids, item_ats, names, same_cause in rows(_UNEVEN):
        if (len(row_ids) > len(item_ids)) != more_rows:
            continue
        if same_cause or like.kind != "refund":
            what = dict(zip(item_ids, names, strict=True))
            near = (_moments(row_ats, row_ids), _moments(item_ats, item_ids))
            for row, item in pairs(*near, _reach(like.window)):
                yield row, item, what[item]


def by_number(
    kind: str, whats: list[str], *, before: int, after: int, same_amount: bool = True
) -> None:
    """The description's number is the activation of a booking. Only where that is trusted."""
    values = _within(kind, whats, before, after) | {"same_amount": same_amount}
    run(_BY_NUMBER, values)


def only_fit(
    kind: str,
    whats: list[str],
    *,
    before: int,
    after: int,
    less: bool = False,
    linked: bool = False,
) -> None:
    """One row and one item that fit nothing but each other, at any distance in these bounds.

    Deposits are of no service, whatever their words.

    `less`: the row may be of less than the item. `linked`: rows with a number are left out.
    """
    run(
        _ONLY_FIT,
        _within(kind, whats, before, after) | {"less": less, "linked": linked},
    )


def late_refunds(*, trusted: bool, linked: bool) -> None:
    """Refunds that came long after they were claimed close the oldest claim that is alike."""
    groups: dict[tuple[int, int], tuple[list[Moment], list[Moment], set[str]]] = {}
    for said, amount, at, row in rows(_LEFT_ROWS, {"linked": linked}):
        groups.setdefault((said, amount), ([], [], set()))[0].append((at, row))
    for said, amount, at, claim, cause in rows(_LEFT_CLAIMS, {"untrusted": not trusted}):
        if group := groups.get((said, amount)):
            group[1].append((at, claim))
            group[2].add(cause)
    found = [
        (row, claim, "claim")
        for some, claims, causes in groups.values()
        if len(causes) == 1
        for row, claim in waiting(some, claims)
    ]
    _add(found, MatchPass.ALIKE)


def _add(found: list[tuple[int, int, str]], by_pass: MatchPass) -> None:
    if found:
        columns = [list(column) for column in zip(*found, strict=True)]
        run(
            "INSERT INTO match_pair SELECT *, %s"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::text[])",
            [by_pass.value, *columns],
        )


def _moments(ats: list[int], ids: list[int]) -> list[Moment]:
    return list(zip(ats, ids, strict=True))


def _reach(window: int) -> int:
    return window * MICROSECONDS


def _within(kind: str, whats: list[str], before: int, after: int) -> dict[str, object]:
    return {"kind": kind, "whats": whats, "before": _reach(before), "after": _reach(after)}


def guard(wallet_id: int, *, within: int) -> None:
    """Refunds that come soon after a purchase of somebody else's, alike, may be of that one."""
    run(_GUARD, {"wallet": wallet_id, "within": f"{within} seconds"})


def drop_unique() -> None:
    """Forget the unique pairs: they were made to learn from."""
    run("DELETE FROM match_pair WHERE by_pass = 'unique'")


def drop_strays() -> None:
    """Leave out the unique pairs whose number speaks of another activation."""
    run(_STRAYS)
