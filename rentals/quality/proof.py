"""The health page's totals are proved: with what is marked, they are what the rentals say."""

from typing import Final

from django.db import connection

from rentals.quality.bins import BINS
from rentals.quality.facts import now
from rentals.spend.facts import marked

_CAME: Final = ", ".join(f"count(*) FILTER (WHERE c.bin = {each})::int" for each in range(BINS))

# Facts that differ from their rentals, though nothing is marked, here or where the spend is added
# up first; and totals that are not the sums of the facts. All of one moment.
_DIFFERENCES: Final = f"""
    WITH marked AS MATERIALIZED (
        SELECT rental_id AS id FROM rentals_qualitymark UNION {marked("ledger_spendchange")}
    ), truth AS MATERIALIZED (
        SELECT * FROM ({now()}) now WHERE NOT EXISTS (SELECT FROM marked WHERE id = rental_id)
    ), counted AS MATERIALIZED (SELECT rental_id, received, bin FROM rentals_qualityfact),
    wrong AS (
        SELECT rental_id FROM (SELECT * FROM truth EXCEPT SELECT * FROM counted) missing
        UNION
        SELECT rental_id FROM (SELECT * FROM counted EXCEPT SELECT * FROM truth) extra
        WHERE NOT EXISTS (SELECT FROM marked WHERE id = rental_id)
    ), sums AS (
        SELECT r.team_id, r.day, r.account_id, r.service_code, r.carrier, r.area_code,
            count(*)::int AS rentals, count(*) FILTER (WHERE c.received)::int AS received,
            ARRAY[{_CAME}] AS came
        FROM counted c JOIN rentals_rental r ON r.id = c.rental_id
        GROUP BY 1, 2, 3, 4, 5, 6
    ), kept AS (
        SELECT team_id, day, account_id, service_code, carrier, area_code, rentals, received, came
        FROM rentals_qualitytotal
    ), unequal AS (
        (SELECT * FROM sums EXCEPT SELECT * FROM kept)
        UNION ALL
        (SELECT * FROM kept EXCEPT SELECT * FROM sums)
    ), unnamed AS (
        SELECT t.team_id, a.axis, a.value, max(t.day) AS last_day
        FROM rentals_qualitytotal t
        CROSS JOIN LATERAL (VALUES ('account', t.account_id::text), ('service', t.service_code),
            ('carrier', t.carrier), ('area', t.area_code)) a(axis, value)
        GROUP BY 1, 2, 3
    )
    SELECT format('rental %%s is counted as something else than it is', min(rental_id))
        || CASE WHEN count(*) > 1 THEN format(', and %%s more are', count(*) - 1) ELSE '' END
    FROM wrong HAVING count(*) > 0
    UNION ALL
    SELECT format('team %%s: %%s of its totals are not the sums of its rentals', team_id, count(*))
    FROM unequal GROUP BY team_id
    UNION ALL
    SELECT format('team %%s: %%s values of its totals can not be chosen', team_id, count(*))
    FROM unnamed u WHERE NOT EXISTS (
        SELECT FROM rentals_qualityvalue v WHERE v.team_id = u.team_id AND v.axis = u.axis
            AND v.value = u.value AND v.last_day >= u.last_day
    ) GROUP BY team_id
    ORDER BY 1
"""


def prove() -> list[str]:
    """What is wrong with any team's totals; empty where nothing is. Reads every rental that is
    over with its messages."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, [])
        return [words for (words,) in cursor.fetchall()]


def waiting() -> int:
    """Rentals that are to be looked at again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rentals_qualitymark")
        (count,) = cursor.fetchone()
        return int(count)
