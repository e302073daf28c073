"""What finance asked for and can't have; the text is for that person."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from ledger.book import MonthClosed


class NotPossible(Exception):
    """Nothing was changed."""


class Decided(NotPossible):
    """Somebody else was first: look again."""


@contextmanager
def told_if_closed() -> Iterator[None]:
    """Around a transaction that books for a person: a closed month is said in words."""
    try:
        yield
    except MonthClosed as closed:
        raise NotPossible(_("This month is closed: nothing can be booked in it.")) from closed
