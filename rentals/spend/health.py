"""What `manage.py doctor` asks of the spend."""

from django.db import DatabaseError

from accounts.health import Problem
from rentals.spend import proof


def spend() -> str:
    """The totals are what the rentals and the book say."""
    try:
        found = proof.prove()
        waiting = proof.waiting()
    except DatabaseError as error:
        raise Problem("The rentals can't be read.") from error
    if found:
        raise Problem("; ".join(found))
    later = f", {waiting} changes to be added up" if waiting else ""
    return f"every total is what its rentals cost{later}"
