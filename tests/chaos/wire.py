"""The wire to the providers: what is asked is written down, and can be kept from going on.

So a scenario knows that a request is on its way, and can kill who sent it at that very moment.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.desk import provider_of

LONGEST = 60.0  # seconds that anything is held, whatever happens to the scenario
READS = ("/status", "/get-sms")


@dataclass
class Asked:
    """A request to a provider: the end of its path, its fields, the status of its answer."""

    path: str
    fields: dict[str, str]
    status: int | None = None

    @property
    def tag(self) -> str:
        """Which rental a rent is for: the scenarios' members write it into the carrier."""
        return self.fields.get("carrier", "")

    @property
    def activation(self) -> str:
        return self.fields.get("activation_id", "")

    @property
    def is_rent(self) -> bool:
        return self.path.endswith("/rent")

    @property
    def is_cancel(self) -> bool:
        return self.path.endswith("/cancel")

    @property
    def is_read(self) -> bool:
        return self.path.endswith(READS) and "action" not in self.fields

    @property
    def is_finish(self) -> bool:
        return "action" in self.fields


type Wanted = Callable[[Asked], bool]


@dataclass
class Hold:
    """Where the first such request stands still: on its way in, or with its answer on the way out.

    `swallow`: one that was held on its way in never arrives.
    """

    wanted: Wanted
    answered: bool
    swallow: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def takes(self, asked: Asked, *, answered: bool) -> bool:
        return self.answered == answered and not self.reached.is_set() and self.wanted(asked)


class Wire:
    """An ASGI application around the sandbox's own."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._holds: list[Hold] = []
        self._app: ASGIApp | None = None

    def around(self, app: ASGIApp) -> ASGIApp:
        self._app = app
        return self

    @contextmanager
    def held(
        self, wanted: Wanted, *, answered: bool = False, swallow: bool = False
    ) -> Iterator[Hold]:
        """Hold the first request that is `wanted` until the block ends."""
        hold = Hold(wanted, answered, swallow)
        self._holds.append(hold)
        try:
            yield hold
        finally:
            self._holds.remove(hold)
            hold.released.set()

    def rents(self, tag: str) -> int:
        """How often a rental was rented; what was answered by 429 was not."""
        return sum(each.is_rent and each.tag == tag and each.status != 429 for each in self.asked)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None
        if scope["type"] != "http" or not provider_of(scope["path"]):
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        asked = Asked(scope["path"], _fields(scope, body))
        self.asked.append(asked)
        hold = await self._stand_still(asked, answered=False)
        if hold is not None and hold.swallow:
            scope["state"]["transport"].close()
            return

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                asked.status = message["status"]
                await self._stand_still(asked, answered=True)
            await send(message)

        await self._app(scope, _again(body, receive), answering)

    async def _stand_still(self, asked: Asked, *, answered: bool) -> Hold | None:
        hold = next((each for each in self._holds if each.takes(asked, answered=answered)), None)
        if hold is not None:
            hold.reached.set()
            await asyncio.to_thread(hold.released.wait, LONGEST)
        return hold


def _fields(scope: Scope, body: bytes) -> dict[str, str]:
    if scope["method"] == "GET":
        return dict(parse_qsl(scope["query_string"].decode()))
    return {name: str(value) for name, value in json.loads(body).items() if value is not None}


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` as if nobody had read the body yet."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return unread.pop() if unread else await receive()

    return read
