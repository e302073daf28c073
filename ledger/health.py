"""What `manage.py doctor` asks of the ledger."""

from collections.abc import Callable

from django.db import DatabaseError

from accounts.health import Problem
from ledger.book import proof
from ledger.queries import refund_sums


def balances() -> str:
    """Every balance is the fold of its transfers."""
    return _proved(
        proof.prove,
        right="every balance is what its transfers come to",
        unread="The transfers can't be read.",
    )


def refunds() -> str:
    """What is kept of refunds is what they come to."""
    return _proved(
        refund_sums.prove,
        right="every sum of refunds is what they come to",
        unread="The refunds can't be read.",
    )


def _proved(prove: Callable[[], list[str]], *, right: str, unread: str) -> str:
    try:
        found = prove()
    except DatabaseError as error:
        raise Problem(unread) from error
    if found:
        raise Problem("; ".join(found))
    return right
