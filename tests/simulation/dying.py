"""A worker that dies, as by kill -9, in front of any one of its statements.

Between two statements lies everything that matters: before a transaction, inside it, right after
it was committed, and after an answer of the provider that was not kept yet.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Died(BaseException):
    """Nothing of ours catches it, and whoever cleans up on the way out can't reach the database."""


class _Killer:
    def __init__(self, statements: int) -> None:
        self.left = statements
        self.died = False

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        self.left -= 1
        if self.died or self.left < 0:
            self.died = True
            raise Died
        return execute(sql, params, many, context)


@contextmanager
def mortal(statements: int | None) -> Iterator[None]:
    """Let what runs inside die in front of its statement number `statements`; None: never.

    Raises Died where it did.
    """
    if statements is None:
        yield
        return
    killer = _Killer(statements)
    try:
        with connection.execute_wrapper(killer):
            yield
    except Died:
        _gone()
        raise


def _gone() -> None:
    """The server rolls back what a dead client had begun."""
    if connection.in_atomic_block:
        raise RuntimeError("The worker died inside a transaction that it did not begin.")
    connection.rollback() if not connection.get_autocommit() else None
