"""What `manage.py doctor` asks of the ledger."""

from accounts.doctor import proved
from ledger.book import proof
from ledger.queries import refund_sums


def balances() -> str:
    """Every balance is the fold of its transfers."""
    return proved(
        proof.prove,
        right="every balance is what its transfers come to",
        unread="The transfers can't be read.",
    )


def refunds() -> str:
    """What is kept of refunds is what they come to."""
    return proved(
        refund_sums.prove,
        right="every sum of refunds is what they come to",
        unread="The refunds can't be read.",
    )
