"""Many small requests become few large ones, without anybody waiting for a timer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable


class Gatherer[Item, Result]:
    """Runs an operation on many items at once.

    `at_once` runs are on at a time; the items that come meanwhile form the next one, at most `most`
    of them. `run` gives one result for each item, in their order; what it raises, all of its items
    raise. An item whose future was cancelled before its run is left out.
    """

    def __init__(
        self,
        run: Callable[[list[Item]], Awaitable[list[Result]]],
        *,
        most: int = 500,
        at_once: int = 1,
    ) -> None:
        self._run = run
        self._most = most
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._at_once = at_once
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, item: Item) -> asyncio.Future[Result]:
        """Have the item be part of a run, soon."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if self._running < self._at_once:
            self._running += 1
            task = loop.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return future

    async def settle(self, seconds: float) -> None:
        """Wait until nothing waits or runs any more; after so many seconds give the rest up."""
        if self._tasks:
            _, unfinished = await asyncio.wait(self._tasks, timeout=seconds)
            for task in unfinished:
                task.cancel()

    async def _work(self) -> None:
        try:
            while batch := self._next():
                await self._run_one(batch)
        finally:
            self._running -= 1

    def _next(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        while self._waiting and len(batch) < self._most:
            item, future = self._waiting.popleft()
            if not future.done():
                batch.append((item, future))
        return batch

    async def _run_one(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._run([item for item, _ in batch])
        except Exception as problem:
            for _, future in batch:
                if not future.done():
                    future.set_exception(problem)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
