"""Calls an ASGI application in this process."""

import asyncio
from collections.abc import Sequence
from typing import Any

from rentals.hooks import Hooks

type Headers = Sequence[tuple[bytes, bytes]]


async def call(
    app: Hooks, path: str, parts: Sequence[bytes], headers: Headers = (), method: str = "POST"
) -> tuple[int, bytes]:
    """Send a request whose body comes in parts; give the status and body of the answer.

    Where the sender has said everything, it stays until it was answered.
    """
    incoming = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, start=1)
    ]
    outgoing: list[dict[str, Any]] = []
    answered = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if incoming:
            return incoming.pop(0)
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        outgoing.append(event)
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            answered.set()

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    await app(scope, receive, send)
    start, *bodies = outgoing
    content = b"".join(event.get("body", b"") for event in bodies)
    length = dict(start["headers"])[b"content-length"]
    assert (start["type"], int(length)) == ("http.response.start", len(content))
    return start["status"], content
