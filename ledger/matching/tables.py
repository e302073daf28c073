"""The temporary tables that the passes work on: rows, items (what may be booked for them), pairs.

Amounts are in ten-thousandths and times in microseconds, so that sets sort fast. They live in the
session: pairs are written away in several transactions.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from ledger.matching.words import meant, numbered

MEMORY: Final = "192MB"
MANY: Final = 5_000  # from then on whole sets are joined, and nothing row by row
MICROSECONDS: Final = 1_000_000
LAST: Final = 2**62  # no match has a higher id
ROUGHLY: Final = 10  # how closely the planner looks at tables that live for seconds

_FORGET: Final = """
    DROP VIEW IF EXISTS left_row, left_item;
    DROP TABLE IF EXISTS match_row, match_item, match_sure, match_pair, match_lead, match_service,
        match_guard, match_close, match_left_row, match_left_item, match_again
"""
_TABLES: Final = """
    CREATE TEMP TABLE match_pair (
        row_id bigint, item_id bigint, what text, by_pass text, differs boolean DEFAULT false
    );
    CREATE TEMP TABLE match_sure () INHERITS (match_pair);
    CREATE TEMP TABLE match_close (likeness bigint, amount bigint);
    CREATE TEMP TABLE match_guard (row_id bigint);
    CREATE TEMP TABLE match_lead (lead text, said int);
    CREATE TEMP TABLE match_service (service text, number int);
    CREATE TEMP TABLE match_item (
        id bigint, what text, said int, amount bigint, at bigint, external text, cause text,
        reference text
    );
    CREATE TEMP TABLE match_again (
        match_id bigint, row_id bigint, what text, item_id bigint, reference text, amount numeric
    );
"""
_READ: Final = """
    SELECT r.id, r.kind, (r.amount * 10000)::bigint AS amount,
        (date_part('epoch', r.occurred_at) * 1000000)::bigint AS at,
        split_part(r.description, '#', 1) AS lead,
        CASE WHEN split_part(r.description, '#', 2) ~ '^[0-9]*$'
            THEN split_part(r.description, '#', 2)
            ELSE coalesce(substring(split_part(r.description, '#', 2) FROM '^\\s*(\\d+)'), '')
            END AS number,
        CASE WHEN pg_input_is_valid(r.provider_id, 'bigint') THEN r.provider_id::bigint
            ELSE r.id END AS place
    FROM ledger_statementrow r
"""
# What is not explained yet. A row whose match a person has undone is left to persons.
_ROWS: Final = f"""
    CREATE TEMP TABLE match_row AS {_READ}
    WHERE r.wallet_id = %(wallet)s AND NOT r.before_cut_over AND r.kind = ANY(%(kinds)s)
        AND r.amount > 0
        AND NOT EXISTS (
            SELECT FROM ledger_match m WHERE m.row_id = r.id
            AND (m.undone_at IS NULL OR m.undone_by_id IS NOT NULL)
        )
        AND NOT EXISTS (
            SELECT FROM ledger_reconciliationexception e WHERE e.row_id = r.id
            AND e.state = 'resolved' AND e.resolved_by_id IS NOT NULL
        )
"""  # noqa: S608 - our own words
_ROWS_AGAIN: Final = f"""
    INSERT INTO match_row {_READ} WHERE r.id IN (SELECT row_id FROM match_again)
"""  # noqa: S608
# A match and what it gives back if it is undone: the booking, or the claim that it has landed on.
_AGAIN: Final = """
    INSERT INTO match_again
    SELECT m.id, m.row_id, CASE WHEN landed THEN 'claim' ELSE 'transfer' END,
        CASE WHEN landed THEN f.id ELSE t.id END, t.reference, t.amount
    FROM ledger_match m
    JOIN ledger_transfer t ON t.id = m.transfer_id
    CROSS JOIN LATERAL (SELECT t.key LIKE 'row:%%' AS landed) key
    LEFT JOIN ledger_refund f ON f.wallet_id = t.wallet_id AND f.reference = t.reference
    WHERE m.id = ANY(%s)
"""
# What the passes look at: all of it, until the mass is out of the way.
_ALL: Final = """
    CREATE TEMP VIEW left_row AS SELECT * FROM match_row;
    CREATE TEMP VIEW left_item AS SELECT * FROM match_item
"""
_SERVICES: Final = """
    SELECT DISTINCT service FROM ledger_transfer WHERE wallet_id = %(wallet)s
    UNION SELECT DISTINCT service FROM ledger_refund WHERE wallet_id = %(wallet)s
"""
# And those of purchases that nobody here made, for what may be theirs.
_LEADS: Final = """
    SELECT DISTINCT lead FROM match_row
    UNION
    SELECT DISTINCT split_part(r.description, '#', 1)
    FROM ledger_reconciliationexception e JOIN ledger_statementrow r ON r.id = e.row_id
    WHERE e.wallet_id = %(wallet)s AND r.kind = 'purchase'
"""


def begin(wallet_id: int, kinds: Sequence[str], *, again: Sequence[int] = ()) -> int:
    """Gather the wallet's unexplained rows of these kinds; how many there are. Without any there
    are no tables to work on.

    `again`: matches that are looked at as if they were not.
    """
    run("SELECT set_config('work_mem', %s, false)", [MEMORY])
    run("RESET enable_nestloop")
    run(f"SET default_statistics_target = {ROUGHLY}")
    run(_FORGET)
    run(_ROWS, {"wallet": wallet_id, "kinds": list(kinds)})
    if not again and not _how_many():
        return 0  # most often: and the other tables cost more than all the rest
    run(_TABLES)
    if again:
        run(_AGAIN, [list(again)])
        run(_ROWS_AGAIN)
    run(_ALL)
    run("ANALYZE match_row")
    count = _how_many()
    if count:
        _name_services(wallet_id)
    if count >= MANY:
        run("SET enable_nestloop = off")
    return count


def _how_many() -> int:
    return int(rows("SELECT count(*) FROM match_row")[0][0])


def end() -> None:
    """Leave nothing behind in the session."""
    run(_FORGET)
    run("RESET work_mem")
    run("RESET default_statistics_target")
    run("RESET enable_nestloop")


def look_up(statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    """Read what a few rows lead to, each by its indexes, however many are being matched."""
    if rows("SHOW enable_nestloop")[0][0] == "on":
        return rows(statement, values)
    run("SET enable_nestloop = on")
    found = rows(statement, values)
    run("SET enable_nestloop = off")
    return found


def look_up_pairs(statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    """The same of pairs that were just found."""
    run("ANALYZE match_pair")
    return look_up(statement, values)


def is_done() -> bool:
    """Whether every row has its pair, and no further pass has anything to do."""
    return not rows(
        "SELECT FROM left_row r WHERE NOT EXISTS"
        " (SELECT FROM ONLY match_pair p WHERE p.row_id = r.id) LIMIT 1"
    )


def wrote(count: int) -> None:
    """Let the planner know of a table that has just grown."""
    if count >= MANY:
        run("RESET default_statistics_target")
        run("ANALYZE ledger_match")
        run(f"SET default_statistics_target = {ROUGHLY}")


def run(statement: str, values: Any = None) -> int:
    """Run one statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def rows(statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _name_services(wallet_id: int) -> None:
    services = numbered(name for (name,) in rows(_SERVICES, {"wallet": wallet_id}) if name)
    leads = [lead for (lead,) in rows(_LEADS, {"wallet": wallet_id})]
    _fill("match_service", list(services), list(services.values()))
    _fill("match_lead", leads, [meant(lead, services) for lead in leads])
    run("ANALYZE match_lead")
    run("ANALYZE match_service")


def _fill(table: str, names: list[str], numbers: list[int]) -> None:
    run(f"INSERT INTO {table} SELECT * FROM unnest(%s::text[], %s::int[])", [names, numbers])  # noqa: S608
