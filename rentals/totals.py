"""What `manage.py doctor` says of sums that are kept, and proved by what they are sums of."""

from collections.abc import Callable

from django.db import DatabaseError

from accounts.health import Problem


def proved(
    prove: Callable[[], list[str]], waiting: Callable[[], int], *, right: str, later: str
) -> str:
    """`right`, with how many are to be done `later`. Raises Problem with all that is wrong."""
    try:
        found, left = prove(), waiting()
    except DatabaseError as error:
        raise Problem("The rentals can't be read.") from error
    if found:
        raise Problem("; ".join(found))
    return f"{right}, {left} {later}" if left else right
