"""What `manage.py doctor` asks of the health page's sums."""

from django.db import DatabaseError

from accounts.health import Problem
from rentals.quality import proof


def quality() -> str:
    """The totals are what the rentals say."""
    try:
        found = proof.prove()
        waiting = proof.waiting()
    except DatabaseError as error:
        raise Problem("The rentals can't be read.") from error
    if found:
        raise Problem("; ".join(found))
    later = f", {waiting} rentals to be looked at" if waiting else ""
    return f"every total is how well its rentals went{later}"
