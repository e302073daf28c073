"""Open streams are checked again: who may no longer listen hears no more."""

import asyncio
from collections.abc import Iterable
from typing import Final

import psycopg

from rentals.lanes.common import QuietLog, where
from rentals.live.admission import Admission, Permit
from rentals.live.hub import Hub
from rentals.live.viewer import Viewer

AT_ONCE: Final = 1000


class Checks:
    """Renews permits, many in one go; a stream that is due twice is checked once."""

    def __init__(self, hub: Hub, admission: Admission, log: QuietLog) -> None:
        self._hub = hub
        self._admission = admission
        self._log = log
        self._due: set[Viewer] = set()
        self._task: asyncio.Task[None] | None = None

    def put(self, viewers: Iterable[Viewer]) -> None:
        """Have these checked, soon."""
        self._due.update(viewers)
        if self._due and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        try:
            while self._due:
                await self._check([self._due.pop() for _ in range(min(AT_ONCE, len(self._due)))])
        finally:
            self._task = None

    async def _check(self, viewers: list[Viewer]) -> None:
        """While the database is away, doubtful streams wait to be put again and others go on."""
        doubts = [viewer.doubts for viewer in viewers]
        try:
            renewed = await self._admission.renew([viewer.permit for viewer in viewers])
        except psycopg.Error as problem:
            self._log.warn("Event streams could not be checked:", where(problem))
            return
        for viewer, before, permit in zip(viewers, doubts, renewed, strict=True):
            if self._hub.hears(viewer) and viewer.doubts == before:
                self._go_on(viewer, permit)

    def _go_on(self, viewer: Viewer, permit: Permit | None) -> None:
        if permit is None:
            viewer.end()
        elif viewer.doubts or permit != viewer.permit:
            self._hub.readmit(viewer, permit)
