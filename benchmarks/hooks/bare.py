"""The least that an ASGI application can do with a webhook: insert its body, answer 200.

Without an account it stores nothing: what is left is the price of HTTP in Python.
"""

import os
from hashlib import sha256
from typing import Any

import psycopg

INSERT = """
    INSERT INTO rentals_inboxentry
        (account_id, body, body_sha256, activation_id, genuine, received_at, outcome)
    VALUES (%s, %s, %s, '', true, now(), '') ON CONFLICT (account_id, body_sha256) DO NOTHING
"""
ANSWER = b'{"status": "ok"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
connections: list[psycopg.AsyncConnection[Any]] = []  # the one, once we run


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return await _lifespan(receive, send)
    event = await receive()
    body = event.get("body", b"")
    if body and "BARE_ACCOUNT" in os.environ:
        account = int(os.environ["BARE_ACCOUNT"])
        await connections[0].execute(INSERT, [account, body, sha256(body).digest()], prepare=True)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
    return None


async def _lifespan(receive: Any, send: Any) -> None:
    await receive()
    url = os.environ["DATABASE_URL"]
    connections.append(await psycopg.AsyncConnection.connect(url, autocommit=True))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await connections[0].close()
    await send({"type": "lifespan.shutdown.complete"})
