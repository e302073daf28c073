"""Starts and stops the lanes that hold connections of their own, with the server."""

from typing import Any, Protocol


class Lane(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Lifespan:
    """The ASGI lifespan protocol over several lanes, stopped in reverse order."""

    def __init__(self, *lanes: Lane) -> None:
        self.lanes = lanes

    async def __call__(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                for lane in self.lanes:
                    await lane.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                for lane in reversed(self.lanes):
                    await lane.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
