"""Asks a provider many things at once, and hands over each answer as it arrives."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

from accounts.gateway import Door
from providers.calls import Call, Delivered, Reply
from providers.transport import AsyncTransport

SECONDS = 4.0  # for one poll; a whole task ends within five
GRACE = 1.0
CONNECTIONS = 100  # to one provider

Answers = SimpleQueue[tuple[int, Reply]]


class Connections:
    """The connections to one provider, each by itself.

    In one pool of them each request costs more, the more connections there are and the more
    requests wait for one: 6 ms of the processor at a hundred, where one by itself takes 1 ms.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._free: list[AsyncTransport] = []

    async def send(self, door: Door, call: Call[Any]) -> Reply:
        """Send on the one that was used last, as it is the likeliest to be open still."""
        ends = asyncio.get_running_loop().time() + SECONDS
        async with asyncio.timeout_at(ends):
            await self._room.acquire()
        try:
            return await self._send(door, call, ends)
        finally:
            self._room.release()

    async def _send(self, door: Door, call: Call[Any], ends: float) -> Reply:
        wire = self._free.pop() if self._free else AsyncTransport(max_connections=1)
        left = ends - asyncio.get_running_loop().time()
        is_good = False
        try:
            reply = await wire.send(call, base_url=door.base_url, key=door.key, seconds=left)
            is_good = reply.delivered == Delivered.ANSWERED
            return reply
        finally:
            if is_good:
                self._free.append(wire)
            else:
                await wire.aclose()


class Poller:
    """A thread of ours that waits on the sockets, and keeps the connections between two turns."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._connections: defaultdict[str, Connections] = defaultdict(Connections)
        threading.Thread(target=self._loop.run_forever, name="polls", daemon=True).start()

    def send(self, door: Door, calls: Mapping[int, Call[Any]], answers: Answers) -> Future[None]:
        """Send all `calls`; puts a reply to each into `answers`."""
        return asyncio.run_coroutine_threadsafe(self._send_all(door, calls, answers), self._loop)

    async def _send_all(self, door: Door, calls: Mapping[int, Call[Any]], answers: Answers) -> None:
        await asyncio.gather(*(self._send(door, *each, answers) for each in calls.items()))

    async def _send(self, door: Door, key: int, call: Call[Any], answers: Answers) -> None:
        try:
            reply = await self._connections[door.base_url].send(door, call)
        except Exception as problem:
            reply = Reply(Delivered.NEVER_SENT, problem=type(problem).__name__)
        answers.put((key, reply))


_lock = threading.Lock()
_poller: Poller | None = None


def ask_all(door: Door, calls: Mapping[int, Call[Any]]) -> Iterator[tuple[int, Reply]]:
    """Send all `calls` concurrently; yield `(key, reply)` in the order in which replies come.

    The caller's thread is free to write to the database between two of them. Every call yields
    exactly one reply.
    """
    answers: Answers = SimpleQueue()
    under_way = _this_poller().send(door, calls, answers)
    waiting, deadline = dict(calls), time.monotonic() + SECONDS + GRACE
    try:
        while waiting:
            key, reply = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            del waiting[key]
            yield key, reply
    except Empty:  # the thread is stuck or gone: what it was to ask counts as unanswered
        _give_up_poller()
        for key in waiting:
            yield key, Reply(Delivered.CUT, problem="The answer did not come in time.")
    finally:
        under_way.cancel()


def _this_poller() -> Poller:
    global _poller
    with _lock:
        if _poller is None:
            _poller = Poller()
        return _poller


def _give_up_poller() -> None:
    """The next turn gets a new one, whatever has become of this."""
    global _poller
    with _lock:
        _poller = None
