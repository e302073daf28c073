"""One turn of matching a wallet's rows: what all of its steps share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accounts.models import ProviderAccount
from ledger.matching.tables import LAST
from ledger.models import Book

AT_ONCE: Final = 2_000  # bookings a transaction


@dataclass
class Turn:
    """`alive` is called between steps and may raise."""

    wallet: ProviderAccount
    now: datetime
    alive: Callable[[], None]
    matched: int = 0  # rows
    opened: int = 0  # exceptions
    seen: int = 0  # the latest match before the step gathered: only later ones are rivals
    known: int = LAST  # until this one there can be matches of refunds
    written: int = 0  # matches of this step
    # Rows that stand beside a booking which one of them is; nobody can say which.
    unsure: set[int] = field(default_factory=set)


def lock_book(wallet: ProviderAccount) -> Book:
    """Whoever matches rows of a wallet, run or person, holds this until the transaction ends."""
    return Book.objects.select_for_update(no_key=True, of=("self",)).get(pk=wallet.pk)


def batches[T](found: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(found), AT_ONCE):
        yield found[start : start + AT_ONCE]
