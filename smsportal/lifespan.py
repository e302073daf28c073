"""Starts and stops the lanes that hold connections of their own, with the server."""

import logging
from typing import Any, Protocol

logger = logging.getLogger(__name__)


class Lane(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Lifespan:
    """The ASGI lifespan protocol over several lanes, stopped in reverse order."""

    def __init__(self, *lanes: Lane) -> None:
        self.lanes = lanes

    async def __call__(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            for lane in self.lanes:
                await lane.start()
        except Exception:
            logger.exception("The server can't start")
            await send({"type": "lifespan.startup.failed"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for lane in reversed(self.lanes):
            await self._stop(lane)
        await send({"type": "lifespan.shutdown.complete"})

    async def _stop(self, lane: Lane) -> None:
        """What one lane fails to close doesn't keep the next one open."""
        try:
            await lane.stop()
        except Exception:
            logger.exception("%s did not stop in order", type(lane).__name__)
