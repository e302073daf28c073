"""What several tests look at, written once: a transaction around them, and one around each."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo at the end whatever the block wrote, even where a savepoint of another's is around it.

    As in a test of Django's: what is to begin a transaction of its own may do so inside, and
    whatever was deferred to the end of one is looked at then.
    """
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]  # Django's own way to say so
    with atomic:
        yield
        if not connection.needs_rollback:
            connection.check_constraints()
        transaction.set_rollback(True)
