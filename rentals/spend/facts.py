"""What one rental costs, in SQL: the one truth that totals, pages and their proof rest on.

The same as `spending.charged` and `spending.refunded`, for many at once. What was given up stays a
cost; what is on no book, because it is from before there was one, counts by its own row. What is
held counts until it is charged or released: that of a rental in doubt may have been charged.
"""

from typing import Final

from rentals import money
from rentals.states import DECIDED, OUTCOMES, RentalState, SpendOutcome

_WHEN: Final = " ".join(
    f"WHEN '{state.value}' THEN '{OUTCOMES[state].value}'" for state in RentalState
)
OUTCOME: Final = f"CASE r.state {_WHEN} END"

# What a rental counts for beside itself, by its `outcome`: a code, and one that is over.
_OVER: Final = ", ".join(f"'{outcome.value}'" for outcome in sorted(DECIDED))
BROUGHT_CODE: Final = f"(outcome = '{SpendOutcome.RECEIVED.value}')::int"
IS_DECIDED: Final = f"(outcome IN ({_OVER}))::int"

# The columns of a fact, in the order in which all of these give them.
COLUMNS: Final = (
    "rental_id, team_id, day, member_id, account_id, service, purpose, outcome, currency, "
    "charged, refunded, held"
)
# Rentals are `r`, whatever is said after it: a JOIN, a WHERE.
NOW: Final = f"""
    SELECT r.id AS rental_id, r.team_id, r.day, r.member_id, r.account_id,
        r.service_name AS service, r.purpose, {OUTCOME} AS outcome, r.currency,
        coalesce(booked.net + coalesce(refund.received, 0), r.charged, 0) AS charged,
        coalesce(refund.received, 0) AS refunded, r.held
    FROM rentals_rental r
    LEFT JOIN LATERAL (
        SELECT sum(CASE WHEN t.debit_id = spend.id THEN t.amount ELSE -t.amount END) AS net
        FROM ledger_account spend JOIN ledger_transfer t
            ON t.wallet_id = spend.wallet_id AND spend.id IN (t.debit_id, t.credit_id)
        WHERE spend.wallet_id = r.account_id AND spend.kind = 'spend'
            AND t.reference = '{money.PREFIX}' || r.id
            AND t.phase IN ('posted', 'post') AND t.kind <> 'write_off'
    ) booked ON true
    LEFT JOIN ledger_refund refund
        ON refund.wallet_id = r.account_id AND refund.reference = '{money.PREFIX}' || r.id
"""
_NAMED: Final = f"'^{money.PREFIX}[0-9]{{1,18}}$'"


def marked(marks: str) -> str:
    """The ids of the rentals that some marks, a table or a part of a query, are about."""
    after = len(money.PREFIX) + 1
    return f"""
        SELECT DISTINCT substr(reference, {after})::bigint AS id
        FROM {marks} WHERE reference ~ {_NAMED}
    """
