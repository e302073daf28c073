"""What follows a webhook's answer and must not delay it: applying, nudges, hints, when it came.

A webhook that comes alone, as nearly all do, is applied right here: its code is on the screen
before a worker would have heard of it. Where many come, workers apply them; they and the sweep also
apply what failed here, so that nothing depends on it.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import batched
from time import monotonic
from typing import Final, LiteralString

import psycopg
from django.db import Error
from django.utils import timezone

from rentals.lanes.common import OrmThreads, QuietLog, where
from rentals.lanes.gathering import Gatherer
from rentals.lanes.link import Link
from rentals.nudges import nudge_each
from rentals.operations import apply_inbox_entries, hint_to_poll

ALONE: Final = 0.2  # seconds without another webhook in this process
APPLY_PATIENCE: Final = 0.5  # seconds until a worker is asked instead
A_TASK: Final = 50  # webhooks that a worker applies at once, where that many come together
NUDGE_PAUSE: Final = 0.03  # seconds: a message to the workers costs more than taking a webhook
SEEN_PAUSE: Final = 5.0  # seconds between two updates of an account's last webhook
HINT_PAUSE: Final = 1.0  # seconds between two hints for an account
# A row that somebody works on is left for the next time: no webhook waits for a lock here.
SEEN: Final[LiteralString] = """
    UPDATE accounts_provideraccount SET last_hook_at = now() WHERE id IN (
        SELECT id FROM accounts_provideraccount WHERE id = ANY(%s)
        FOR NO KEY UPDATE SKIP LOCKED
    )
"""


class Aftermath:
    """Everything here may be lost: the sweep applies what no nudge told of."""

    def __init__(self, link: Link, log: QuietLog) -> None:
        self._link = link
        self._log = log
        self._nudger = ThreadPoolExecutor(1, thread_name_prefix="nudges")
        self._threads = OrmThreads("hints", 1)
        self._applier = OrmThreads("applying", 1)
        self._applying: asyncio.Future[int] | None = None
        self._accepted_at = 0.0
        self._is_alone = False
        self._nudges = Gatherer(self._nudge)
        self._seen = Gatherer(self._note_seen)
        self._hints = Gatherer(self._hint)
        self._seen_at: dict[int, float] = {}
        self._hinted_at: dict[int, float] = {}

    def accepted(self, account_id: int, entry_id: int | None) -> None:
        """A webhook was stored as this entry, or was there already."""
        before, self._accepted_at = self._accepted_at, monotonic()
        self._is_alone = self._accepted_at - before > ALONE
        if entry_id is not None:
            self._nudges.put(entry_id)
        if _due(self._seen_at, account_id, SEEN_PAUSE):
            self._seen.put(account_id)

    def forged(self, account_id: int, activation_id: str) -> None:
        """Somebody knows the address but not the key: worth a look at the provider, no more."""
        if _due(self._hinted_at, account_id, HINT_PAUSE):
            self._hints.put((account_id, activation_id))

    async def settle(self) -> None:
        """Wait until all of it is done; a second for each kind, then the rest is given up."""
        for gatherer in (self._nudges, self._seen, self._hints):
            await gatherer.settle(1.0)

    async def close(self) -> None:
        await self.settle()
        self._nudger.shutdown(wait=False, cancel_futures=True)
        self._threads.close()
        self._applier.close()

    async def _nudge(self, entries: list[int]) -> list[None]:
        if self._is_alone and len(entries) == 1 and await self._applied_here(entries[0]):
            return [None]
        calls = list(batched(entries, A_TASK, strict=False))
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._nudger, nudge_each, "rentals.apply_inbox", calls)
        await asyncio.sleep(NUDGE_PAUSE)
        return [None] * len(entries)

    async def _applied_here(self, entry_id: int) -> bool:
        if self._applying is not None and not self._applying.done():
            return False  # the database is slow: that one still waits for it
        apply = partial(apply_inbox_entries, [entry_id], now=timezone.now())
        self._applying = asyncio.ensure_future(self._applier.run(apply))
        await asyncio.wait([self._applying], timeout=APPLY_PATIENCE)
        if not self._applying.done():
            self._applying.add_done_callback(_look_at)
            return False
        if problem := self._applying.exception():
            self._log.warn("A webhook could not be applied at once:", where(problem))
            return False
        return self._applying.result() == 1

    async def _note_seen(self, accounts: list[int]) -> list[None]:
        with suppress(psycopg.Error):
            await self._link.rows(SEEN, [accounts])
        return [None] * len(accounts)

    async def _hint(self, hints: list[tuple[int, str]]) -> list[None]:
        for account, activation in hints:
            try:
                hint = partial(hint_to_poll, account, activation, now=timezone.now())
                await self._threads.run(hint)
            except (Error, psycopg.Error) as problem:
                self._log.warn("A hint to poll came to nothing:", where(problem))
        return [None] * len(hints)


def _look_at(work: asyncio.Future[int]) -> None:
    """Or it would be logged as never retrieved; a worker does it again and says what is wrong."""
    if not work.cancelled():
        work.exception()


def _due(last: dict[int, float], account_id: int, pause: float) -> bool:
    now = monotonic()
    if now - last.get(account_id, -pause) < pause:
        return False
    last[account_id] = now
    return True
