"""How well one rental went, in SQL: the truth that the totals rest on."""

from typing import Final

from rentals.quality.bins import EDGES, NO_CODE
from rentals.states import DECIDED, OUTCOMES, RentalState, SpendOutcome


def _states(*outcomes: SpendOutcome) -> str:
    states = sorted(state.value for state in RentalState if OUTCOMES[state] in outcomes)
    return ", ".join(f"'{state}'" for state in states)


_OVER: Final = _states(*DECIDED)
_RECEIVED: Final = _states(SpendOutcome.RECEIVED)
_EDGES: Final = f"ARRAY[{', '.join(map(str, EDGES))}]::float8[]"

# Rentals are `r`; a JOIN may follow in `joined`. A code counts from the number to our having it.
NOW: Final = f"""
    SELECT r.id AS rental_id, r.state IN ({_RECEIVED}) AS received,
        CASE WHEN r.state IN ({_RECEIVED}) AND first.seen_at IS NOT NULL
            THEN width_bucket(
                extract(epoch FROM first.seen_at - coalesce(r.started_at, r.requested_at))::float8,
                {_EDGES}
            ) ELSE {NO_CODE} END::smallint AS bin
    FROM rentals_rental r %s
    LEFT JOIN LATERAL (
        SELECT min(m.seen_at) AS seen_at FROM rentals_message m WHERE m.rental_id = r.id
    ) first ON r.state IN ({_RECEIVED})
    WHERE r.state IN ({_OVER})
"""  # noqa: S608 - words of our own


def now(joined: str = "") -> str:
    """The facts of the rentals that are over, or of those that `joined` leaves of them."""
    return NOW % joined
