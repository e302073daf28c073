"""Viewers that cost little: a socket each, which notes when something comes."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import cast

RENTAL = b"event: rental"
SYNC = b"event: sync"
AT_ONCE = 200
PATIENCE = 60.0


class Viewer(asyncio.Protocol):
    """One stream. Times are those of the last news, 0.0 before any."""

    __slots__ = ("crowd", "news_at", "request", "synced_at", "transport")

    def __init__(self, crowd: "Crowd", request: bytes) -> None:
        self.crowd = crowd
        self.request = request
        self.news_at = 0.0
        self.synced_at = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        if RENTAL in data:
            self.crowd.count(self.news_at)
            self.news_at = now
        if SYNC in data:
            self.crowd.count(self.synced_at)
            self.synced_at = now


class Crowd:
    """Many viewers, and waiting until all have heard: counted, because asking each takes long."""

    def __init__(self) -> None:
        self.viewers: list[Viewer] = []
        self._since = 0.0
        self._left = 0
        self._all = asyncio.Event()

    def count(self, before: float) -> None:
        """A viewer heard something; the time at which it had last heard such a thing."""
        if before <= self._since:
            self._left -= 1
            if self._left <= 0:
                self._all.set()

    async def open(self, port: int, requests: Sequence[bytes]) -> None:
        """Open a stream with each request, and wait until each has heard its first word."""
        for start in range(0, len(requests), AT_ONCE):
            opened = [Viewer(self, request) for request in requests[start : start + AT_ONCE]]
            self._expect(0.0, len(opened))
            await asyncio.gather(*(_connect(viewer, port) for viewer in opened))
            await self._heard_all("were told that they are connected")
            self.viewers += opened

    async def all_news(self, since: float) -> list[float]:
        """Seconds from `since` until each viewer had news. For use before they are sent."""
        self._expect(since, sum(viewer.news_at <= since for viewer in self.viewers))
        await self._heard_all("had news")
        return [viewer.news_at - since for viewer in self.viewers]

    async def all_synced(self, since: float) -> None:
        """The same for being told to read everything."""
        self._expect(since, sum(viewer.synced_at <= since for viewer in self.viewers))
        await self._heard_all("were told to read everything")

    def close(self) -> None:
        for viewer in self.viewers:
            if viewer.transport is not None:
                viewer.transport.abort()

    def _expect(self, since: float, left: int) -> None:
        self._since, self._left = since, left
        self._all.clear()
        if not left:
            self._all.set()

    async def _heard_all(self, what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._all.wait()
        except TimeoutError:
            raise RuntimeError(f"{self._left} viewers never {what}") from None


async def _connect(viewer: Viewer, port: int) -> None:
    await asyncio.get_running_loop().create_connection(lambda: viewer, "127.0.0.1", port)


def stream_request(slug: str, cookie: str) -> bytes:
    return f"GET /live/{slug} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()
