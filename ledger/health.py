"""What `manage.py doctor` asks of the ledger."""

from django.db import DatabaseError

from accounts.health import Problem
from ledger.book import proof


def balances() -> str:
    """Every balance is the fold of its transfers."""
    try:
        found = proof.prove()
    except DatabaseError as error:
        raise Problem("The transfers can't be read.") from error
    if found:
        raise Problem("; ".join(found))
    return "every balance is what its transfers come to"
