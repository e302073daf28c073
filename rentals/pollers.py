"""Asks a provider many things at once, and hands over each answer as it arrives."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import Any

from accounts.gateway import Door
from providers.calls import Call, Delivered, Reply
from providers.transport import AsyncTransport

SECONDS = 4.0  # for one poll; a whole task ends within five
GRACE = 1.0


def ask_all(door: Door, calls: Mapping[int, Call[Any]]) -> Iterator[tuple[int, Reply]]:
    """Send all `calls` concurrently; yield `(key, reply)` in the order in which replies come.

    The caller's thread is free to write to the database between two of them, while a thread of
    ours waits on the sockets. Every call yields exactly one reply.
    """
    answers: SimpleQueue[tuple[int, Reply]] = SimpleQueue()
    threading.Thread(target=_run, args=(door, calls, answers), name="polls", daemon=True).start()
    waiting = dict(calls)
    try:
        while waiting:
            key, reply = answers.get(timeout=SECONDS + GRACE)
            del waiting[key]
            yield key, reply
    except Empty:  # the thread is stuck or gone: what it was to ask counts as unanswered
        for key in waiting:
            yield key, Reply(Delivered.CUT, problem="The answer did not come in time.")


def _run(
    door: Door, calls: Mapping[int, Call[Any]], answers: SimpleQueue[tuple[int, Reply]]
) -> None:
    # Not asyncio.run: at its end that waits for a name lookup that hangs.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(_send_all(door, calls, answers))
    finally:
        loop.close()


async def _send_all(
    door: Door, calls: Mapping[int, Call[Any]], answers: SimpleQueue[tuple[int, Reply]]
) -> None:
    async with AsyncTransport() as wire:

        async def send(key: int, call: Call[Any]) -> None:
            try:
                reply = await wire.send(call, base_url=door.base_url, key=door.key, seconds=SECONDS)
            except Exception as problem:
                reply = Reply(Delivered.NEVER_SENT, problem=type(problem).__name__)
            answers.put((key, reply))

        await asyncio.gather(*(send(key, call) for key, call in calls.items()))
