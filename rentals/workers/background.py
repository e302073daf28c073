"""Conversations with providers, beside a worker's tasks: a provider that hangs keeps none waiting.

A task claims its row and hands the conversation over here. Rents wait on one event loop, however
many there are. Cancels and finishes have threads, and one provider account gets only a few of
them. What is lost with the process is found again by the sweep, like everything else.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import structlog
from django.db import close_old_connections

from providers.calls import Delivered, Reply
from providers.transport import AsyncTransport
from rentals.operations import sending

log = structlog.get_logger(__name__)

THREADS: Final = 32
AN_ACCOUNT: Final = 8  # conversations at once, so that a hanging provider leaves threads to others


class Background:
    """One a process, started when it is first used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="provider")
        self._answers = ThreadPoolExecutor(4, thread_name_prefix="answers")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._busy: Counter[int] = Counter()
        self._under_way: set[Future[Any]] = set()

    def rent(self, attempt: sending.Attempt) -> None:
        """Send a claimed rent, and apply its answer whenever it comes."""
        self._remember(asyncio.run_coroutine_threadsafe(self._rent(attempt), self._running_loop()))

    def converse(self, account_id: int, work: Callable[[], object]) -> bool:
        """Run a conversation in a thread; False where the account has enough of them."""
        with self._lock:
            if self._busy[account_id] >= AN_ACCOUNT:
                return False
            self._busy[account_id] += 1
        self._remember(self._threads.submit(self._converse, account_id, work))
        return True

    def drain(self, seconds: float) -> None:
        """Give what is under way a little time to end: the process is about to."""
        deadline = time.monotonic() + seconds
        for future in list(self._under_way):
            try:
                future.result(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return
            except Exception:
                log.exception("conversation_failed")

    def _remember(self, future: Future[Any]) -> None:
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)

    def _converse(self, account_id: int, work: Callable[[], object]) -> None:
        try:
            self._guarded(work)
        finally:
            with self._lock:
                self._busy[account_id] -= 1

    async def _rent(self, attempt: sending.Attempt) -> None:
        reply = await self._reply(attempt)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(
            self._answers, self._guarded, lambda: sending.end_rent(attempt, reply)
        )

    async def _reply(self, attempt: sending.Attempt) -> Reply:
        try:
            async with AsyncTransport(max_connections=1) as wire:
                return await wire.send(
                    attempt.call,
                    base_url=attempt.door.base_url,
                    key=attempt.door.key,
                    seconds=sending.LISTEN_FOR,
                )
        except Exception as problem:  # a defect of ours: it may have been sent all the same
            log.exception("rent_failed", rental=attempt.rental.pk)
            return Reply(Delivered.CUT, problem=f"Our own error: {type(problem).__name__}.")

    @staticmethod
    def _guarded(work: Callable[[], object]) -> None:
        close_old_connections()
        try:
            work()
        except Exception:
            log.exception("conversation_failed")
        finally:
            close_old_connections()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="rents", daemon=True).start()
            return self._loop


background: Final = Background()
