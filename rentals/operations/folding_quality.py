"""How well rentals went is added up, so that the health page need not do it.

As with what they cost (folding_spend.py): in one statement the marks that are there
are taken away, and what the rentals that they name say now is put in place of what they said.
"""

from typing import Final

from rentals.operations.folding import Fold
from rentals.quality.bins import BINS
from rentals.quality.facts import now

_CAME: Final = ", ".join(
    f"coalesce(sum(d.sign) FILTER (WHERE d.bin = {each}), 0)::int" for each in range(BINS)
)
_FOLD: Final = f"""
    WITH seen AS MATERIALIZED (
        SELECT id, rental_id FROM rentals_qualitymark ORDER BY id LIMIT %(at_once)s
    ), gone AS (
        DELETE FROM rentals_qualitymark WHERE id = ANY(ARRAY(SELECT id FROM seen)) RETURNING id
    ), marked AS MATERIALIZED (SELECT DISTINCT rental_id AS id FROM seen),
    was AS MATERIALIZED (
        SELECT f.rental_id, f.received, f.bin
        FROM rentals_qualityfact f JOIN marked ON marked.id = f.rental_id
    ), now AS MATERIALIZED ({now("JOIN marked ON marked.id = r.id")}),
    added AS MATERIALIZED (SELECT * FROM now EXCEPT SELECT * FROM was),
    taken AS MATERIALIZED (SELECT * FROM was EXCEPT SELECT * FROM now),
    dropped AS (
        DELETE FROM rentals_qualityfact WHERE rental_id IN (
            SELECT rental_id FROM taken EXCEPT SELECT rental_id FROM added
        )
    ), kept AS (
        INSERT INTO rentals_qualityfact (rental_id, received, bin) SELECT * FROM added
        ON CONFLICT (rental_id) DO UPDATE SET received = excluded.received, bin = excluded.bin
    ), differences AS (
        SELECT 1 AS sign, * FROM added UNION ALL SELECT -1, * FROM taken
    ), summed AS (
        INSERT INTO rentals_qualitytotal AS t (team_id, day, account_id, service_code, carrier,
            area_code, rentals, received, came)
        SELECT r.team_id, r.day, r.account_id, r.service_code, r.carrier, r.area_code,
            sum(d.sign), coalesce(sum(d.sign) FILTER (WHERE d.received), 0), ARRAY[{_CAME}]
        FROM differences d JOIN rentals_rental r ON r.id = d.rental_id
        GROUP BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (team_id, day, account_id, service_code, carrier, area_code)
        DO UPDATE SET rentals = t.rentals + excluded.rentals,
            received = t.received + excluded.received,
            came = ARRAY(
                SELECT u.was + u.more
                FROM unnest(t.came, excluded.came) WITH ORDINALITY AS u(was, more, place)
                ORDER BY place
            )
    ), named AS (
        INSERT INTO rentals_qualityvalue AS v (team_id, axis, value, last_day)
        SELECT r.team_id, a.axis, a.value, max(r.day)
        FROM added JOIN rentals_rental r ON r.id = added.rental_id
        CROSS JOIN LATERAL (VALUES ('account', r.account_id::text), ('service', r.service_code),
            ('carrier', r.carrier), ('area', r.area_code)) a(axis, value)
        GROUP BY 1, 2, 3
        ON CONFLICT (team_id, axis, value) DO UPDATE SET last_day = excluded.last_day
        WHERE v.last_day < excluded.last_day
    )
    SELECT count(*) FROM gone
"""


def fold_quality() -> int:
    """Add up what changed; gives how many marks there were. Safe at any time, and twice at once."""
    return Fold("rentals_qualitytotal", _FOLD).run()
