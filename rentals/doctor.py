"""What `manage.py doctor` asks of the sums that pages show of rentals."""

from accounts.doctor import proved
from rentals.quality import proof as quality_proof
from rentals.spend import proof as spend_proof

UNREAD = "The rentals can't be read."


def spend() -> str:
    """The totals are what the rentals and the book say."""
    return proved(
        spend_proof.prove,
        right="every total is what its rentals cost",
        unread=UNREAD,
        waiting=spend_proof.waiting,
        later="changes to be added up",
    )


def quality() -> str:
    """The totals are what the rentals say."""
    return proved(
        quality_proof.prove,
        right="every total is how well its rentals went",
        unread=UNREAD,
        waiting=quality_proof.waiting,
        later="rentals to be looked at",
    )
