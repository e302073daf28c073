"""Says how far a file is, and keeps its lease, beside the writing.

The first row of a long list may take a minute to come, and the writing is one transaction: both
would keep the row silent. So a thread of its own, with a connection of its own, tells it.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from ledger.exports.cells import Value
from ledger.models import Export

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=30)
EVERY: Final = 1.0  # seconds


class LeaseLost(Exception):
    """It is deleted, or another worker has taken over because this one was silent for too long."""


class Pulse:
    """Of one attempt at an export. `rows` are written so far; `total` may be known later."""

    def __init__(self, export: Export) -> None:
        self.rows = 0
        self.total: int | None = None
        self._export, self._attempt = export, export.attempts
        self._over, self._lost = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="export-pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def counted(self, rows: Iterable[Sequence[Value]]) -> Iterator[Sequence[Value]]:
        """The same rows. Raises LeaseLost as soon as the export is not ours any more."""
        for row in rows:
            if self._lost.is_set():
                raise LeaseLost
            self.rows += 1
            yield row

    def _beat(self) -> None:
        try:
            while not self._over.wait(EVERY):
                self._tell()
        finally:
            connection.close()

    def _tell(self) -> None:
        try:
            held = self._export.held_by(self._attempt).update(
                rows=self.rows, total=self.total, leased_until=timezone.now() + LEASE
            )
        except DatabaseError as problem:  # the lease runs out if it stays away
            log.warning("export_pulse_missed", export=self._export.pk, problem=str(problem)[:200])
            connection.close()
            return
        if not held:
            self._lost.set()
