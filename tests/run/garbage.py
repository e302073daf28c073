"""The portal's entry point, which says at any address how much garbage collection looks through."""

import gc
from typing import Any

from smsportal.asgi import application as portal


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return await portal(scope, receive, send)
    told = b'{"collected": %d, "frozen": %d}' % (len(gc.get_objects()), gc.get_freeze_count())
    length = [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": told})
    return None
