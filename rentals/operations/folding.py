"""Marks of what changed are taken away, and what they name is added up, in few transactions."""

from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

AT_ONCE: Final = 50_000  # marks a transaction
MOST: Final = 20  # transactions a call: others want the worker, too
_ROOM: Final = "SET LOCAL work_mem = '64MB'"


@dataclass(frozen=True, slots=True)
class Fold:
    """One at a time and whole or not at all: who dies in the middle has done nothing.

    Whoever waited for another begins with a view of its own, after the other has committed:
    locking a table takes none. Readers don't notice.
    """

    totals: str  # the table of the sums, with a column `rentals`
    statement: str  # takes at most %(at_once)s marks and gives how many it took

    def run(self) -> int:
        """Add up what changed; gives how many marks there were. Safe at any time, also twice."""
        taken = 0
        for _ in range(MOST):
            now_taken = self._once()
            taken += now_taken
            if now_taken < AT_ONCE:
                break
        return taken

    def _once(self) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {self.totals} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute(_ROOM)
            cursor.execute(self.statement, {"at_once": AT_ONCE})
            (taken,) = cursor.fetchone()
            cursor.execute(f"DELETE FROM {self.totals} WHERE rentals = 0")
            return int(taken)
