"""The totals are proved: with what is marked, they are what the rentals and the book say."""

from typing import Final

from django.db import connection

from rentals.spend.facts import BROUGHT_CODE, COLUMNS, IS_DECIDED, NOW, marked

# Facts that differ from their rentals, though nothing is marked; and totals that are not the sums
# of the facts. All of one moment.
_DIFFERENCES: Final = f"""
    WITH marked AS MATERIALIZED ({marked("ledger_spendchange")}),
    truth AS MATERIALIZED (
        SELECT {COLUMNS} FROM ({NOW} WHERE %(team)s::bigint IS NULL OR r.team_id = %(team)s) now
        WHERE NOT EXISTS (SELECT FROM marked WHERE id = rental_id)
    ), counted AS MATERIALIZED (
        SELECT {COLUMNS}, {BROUGHT_CODE} AS received, {IS_DECIDED} AS decided
        FROM rentals_spendfact
        WHERE %(team)s::bigint IS NULL OR team_id = %(team)s
    ), wrong AS (
        SELECT rental_id FROM (SELECT * FROM truth EXCEPT SELECT {COLUMNS} FROM counted) missing
        UNION
        SELECT rental_id FROM (SELECT {COLUMNS} FROM counted EXCEPT SELECT * FROM truth) extra
        WHERE NOT EXISTS (SELECT FROM marked WHERE id = rental_id)
    ), sums AS (
        SELECT c.team_id, a.axis, s.span, s.since, a.value, w.account_id, w.outcome, c.currency,
            count(*) AS rentals, sum(c.received) AS received, sum(c.decided) AS decided,
            sum(c.charged) AS charged, sum(c.refunded) AS refunded, sum(c.held) AS held
        FROM counted c
        CROSS JOIN LATERAL (VALUES ('all', ''), ('member', c.member_id::text),
            ('service', c.service), ('purpose', c.purpose)) a(axis, value)
        CROSS JOIN LATERAL (VALUES ('day', c.day), ('month', date_trunc('month', c.day)::date),
            ('ever', date '0001-01-01')) s(span, since)
        CROSS JOIN LATERAL (VALUES (c.account_id, c.outcome), (0, '')) w(account_id, outcome)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ), kept AS (
        SELECT team_id, axis, span, since, value, account_id, outcome, currency, rentals,
            received, decided, charged, refunded, held
        FROM rentals_spendtotal WHERE %(team)s::bigint IS NULL OR team_id = %(team)s
    ), unequal AS (
        (SELECT * FROM sums EXCEPT SELECT * FROM kept)
        UNION ALL
        (SELECT * FROM kept EXCEPT SELECT * FROM sums)
    )
    SELECT format('rental %%s is counted with another cost than it has', min(rental_id))
        || CASE WHEN count(*) > 1 THEN format(', and %%s more are', count(*) - 1) ELSE '' END
    FROM wrong HAVING count(*) > 0
    UNION ALL
    SELECT format('team %%s: %%s of its totals are not the sums of its rentals', team_id, count(*))
    FROM unequal GROUP BY team_id
    ORDER BY 1
"""


def prove(team_id: int | None = None) -> list[str]:
    """What is wrong with a team's totals, or with all; empty where nothing is. Reads every rental
    with its bookings."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, {"team": team_id})
        return [words for (words,) in cursor.fetchall()]


def waiting() -> int:
    """Changes that are not added up yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_spendchange")
        (count,) = cursor.fetchone()
        return int(count)
