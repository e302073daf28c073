"""Reads a request's body, within a size and a time."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from rentals.lanes.common import Answer, Receive, Send

LIMIT: Final = 64 * 1024
PATIENCE: Final = 10.0  # seconds for a sender to send it all
LINGER: Final = 2.0  # seconds in which a refused sender may finish, so that it reads why
LINGER_LIMIT: Final = 16 * 1024 * 1024


class Gone(Exception):
    """The sender left before the end of the body."""


class TooLarge(Exception):
    """More than 64 KiB. What was read is not kept."""


async def read_body(headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes:
    """Give the whole body. Raises Gone, TooLarge, TimeoutError."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and (len(value) > 9 or int(value) > LIMIT):
            raise TooLarge
    async with asyncio.timeout(PATIENCE):
        return await _read(receive)


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Gone
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > LIMIT:
            raise TooLarge
        if not event.get("more_body", False):
            return b"".join(parts)


async def refuse_early(answer: Answer, receive: Receive, send: Send) -> None:
    """Answer a sender that is still sending, and let it finish for a moment before closing.

    A connection closed in the middle of its sending is reset, and the sender would not see why.
    """
    await send(answer.start)
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            await _discard(receive)
    await send({"type": "http.response.body", "body": b""})


async def _discard(receive: Receive) -> None:
    size = 0
    while size < LINGER_LIMIT:
        event = await receive()
        size += len(event.get("body", b""))
        if event["type"] == "http.disconnect" or not event.get("more_body", False):
            return
