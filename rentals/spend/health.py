"""What `manage.py doctor` asks of the spend."""

from rentals.spend import proof
from rentals.totals import proved


def spend() -> str:
    """The totals are what the rentals and the book say."""
    return proved(
        proof.prove,
        proof.waiting,
        right="every total is what its rentals cost",
        later="changes to be added up",
    )
