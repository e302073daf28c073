"""What `manage.py doctor` asks of the health page's sums."""

from rentals.quality import proof
from rentals.totals import proved


def quality() -> str:
    """The totals are what the rentals say."""
    return proved(
        proof.prove,
        proof.waiting,
        right="every total is how well its rentals went",
        later="rentals to be looked at",
    )
