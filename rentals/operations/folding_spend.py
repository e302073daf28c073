"""What changed in what rentals cost is added up, so that pages need not do it.

In one statement, which sees one moment: the marks that are there are taken away, and what the
rentals that they name cost more or less than before is added to the totals. A change that is
committed later leaves its mark for the next time. The rentals are passed on to whoever adds up how
well they went (folding_quality.py).
"""

from typing import Final

from rentals.operations.folding import Fold
from rentals.spend.facts import BROUGHT_CODE, COLUMNS, IS_DECIDED, NOW, marked

_FOLD: Final = f"""
    WITH seen AS MATERIALIZED (
        SELECT id, reference FROM ledger_spendchange ORDER BY id LIMIT %(at_once)s
    ), gone AS (
        DELETE FROM ledger_spendchange WHERE id = ANY(ARRAY(SELECT id FROM seen)) RETURNING id
    ), marked AS MATERIALIZED ({marked("seen")}),
    passed AS (INSERT INTO rentals_qualitymark (rental_id) SELECT id FROM marked),
    was AS MATERIALIZED (
        SELECT {COLUMNS} FROM rentals_spendfact JOIN marked ON marked.id = rental_id
    ), now AS MATERIALIZED (
        SELECT * FROM ({NOW} JOIN marked ON marked.id = r.id) now
        EXCEPT SELECT * FROM was
    ), kept AS (
        INSERT INTO rentals_spendfact ({COLUMNS}) SELECT * FROM now
        ON CONFLICT (rental_id) DO UPDATE SET
            team_id = excluded.team_id, day = excluded.day, member_id = excluded.member_id,
            account_id = excluded.account_id, service = excluded.service,
            purpose = excluded.purpose, outcome = excluded.outcome,
            currency = excluded.currency, charged = excluded.charged,
            refunded = excluded.refunded, held = excluded.held
    ), differences AS (
        SELECT 1 AS sign, {BROUGHT_CODE} AS received, {IS_DECIDED} AS decided, now.* FROM now
        UNION ALL
        SELECT -1, {BROUGHT_CODE}, {IS_DECIDED}, was.* FROM was
        WHERE rental_id IN (SELECT rental_id FROM now)
    ), added AS (
        INSERT INTO rentals_spendtotal AS t (team_id, axis, span, since, value, account_id,
            outcome, currency, rentals, received, decided, charged, refunded, held)
        SELECT d.team_id, a.axis, s.span, s.since, a.value, w.account_id, w.outcome, d.currency,
            sum(d.sign), sum(d.sign * d.received), sum(d.sign * d.decided),
            sum(d.sign * d.charged), sum(d.sign * d.refunded), sum(d.sign * d.held)
        FROM differences d
        CROSS JOIN LATERAL (VALUES ('all', ''), ('member', d.member_id::text),
            ('service', d.service), ('purpose', d.purpose)) a(axis, value)
        CROSS JOIN LATERAL (VALUES ('day', d.day), ('month', date_trunc('month', d.day)::date),
            ('ever', date '0001-01-01')) s(span, since)
        CROSS JOIN LATERAL (VALUES (d.account_id, d.outcome), (0, '')) w(account_id, outcome)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        HAVING sum(d.sign) <> 0 OR sum(d.sign * d.received) <> 0 OR sum(d.sign * d.decided) <> 0
            OR sum(d.sign * d.charged) <> 0 OR sum(d.sign * d.refunded) <> 0
            OR sum(d.sign * d.held) <> 0
        ON CONFLICT (team_id, axis, span, since, value, account_id, outcome, currency)
        DO UPDATE SET rentals = t.rentals + excluded.rentals,
            received = t.received + excluded.received, decided = t.decided + excluded.decided,
            charged = t.charged + excluded.charged, refunded = t.refunded + excluded.refunded,
            held = t.held + excluded.held
    )
    SELECT count(*) FROM gone
"""


def fold_spend() -> int:
    """Add up what changed; gives how many marks there were. Safe at any time, and twice at once."""
    return Fold("rentals_spendtotal", _FOLD).run()
