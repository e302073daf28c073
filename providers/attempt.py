"""One request on its way: what came back, and whether the provider can know of it at all.

A request that was never sent is told apart from one that may have been carried out: on that
rests whether a rent may be asked for again. So NEVER_SENT is said only where no connection was
made, and everything else that is not a whole answer is CUT. Of a cut answer what came in is
kept as evidence, and is never read as an answer. No text made here holds a key, a number or
anything that the provider wrote.
"""

import asyncio
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from providers.calls import Delivered, Reply

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
_GZIP_ONLY: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds for the whole exchange and for connecting; bytes of the body, also unpacked."""

    seconds: float
    connect_seconds: float
    max_bytes: int


class TooLarge(Exception):
    """More bytes than allowed, as sent or as unpacked."""


class Body:
    """Collects a body, unpacking gzip as it comes, and never holds more than allowed."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        packed = encoding.strip().lower() in ("gzip", "x-gzip")
        self._unpacker = zlib.decompressobj(_GZIP_ONLY) if packed else None
        self._left = max_bytes
        self._max_bytes = max_bytes
        self.data = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Raise TooLarge beyond the allowed size, zlib.error where the packing is broken."""
        self._left -= len(chunk)
        if self._unpacker is not None:
            chunk = self._unpacker.decompress(chunk, self._max_bytes - len(self.data) + 1)
        if self._left < 0 or len(self.data) + len(chunk) > self._max_bytes:
            raise TooLarge
        self.data += chunk

    def finish(self) -> None:
        """Raise zlib.error where a packed body is not whole."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise zlib.error("the packed body ends early")


async def attempt(client: httpx.AsyncClient, request: httpx.Request, bounds: Bounds) -> Reply:
    """Send a request once and give the reply; raises nothing but a cancellation."""
    return await _Attempt(client, request, bounds).run()


class _Attempt:
    def __init__(self, client: httpx.AsyncClient, request: httpx.Request, bounds: Bounds) -> None:
        self._client, self._request, self._bounds = client, request, bounds
        self._response: httpx.Response | None = None
        self._body = Body("", bounds.max_bytes)
        self._whole = False
        self._connecting = False
        self._request.extensions["trace"] = self._trace
        self._began = time.monotonic()

    async def run(self) -> Reply:
        try:
            async with asyncio.timeout(self._bounds.seconds):
                await self._receive()
        # A rent may have been carried out whatever broke, so nothing may get past this.
        except Exception as problem:
            if self._connecting or isinstance(problem, _NEVER_SENT):
                return self._never_sent(problem)
            return self._answered() if self._whole else self._cut(problem)
        return self._answered()

    async def _receive(self) -> None:
        response = await self._client.send(self._request, stream=True)
        self._response = response
        try:
            self._body = Body(response.headers.get("content-encoding", ""), self._bounds.max_bytes)
            async for chunk in response.aiter_raw():
                self._body.feed(chunk)
            self._body.finish()
            self._whole = True
        finally:
            await response.aclose()

    async def _trace(self, event: str, _: Mapping[str, object]) -> None:
        if event == "connection.connect_tcp.started":
            self._connecting = True
        elif event == "connection.connect_tcp.complete":
            self._connecting = False

    def _never_sent(self, problem: Exception) -> Reply:
        return Reply(
            Delivered.NEVER_SENT,
            problem=f"The provider could not be reached ({type(problem).__name__}).",
            seconds=self._seconds(),
        )

    def _answered(self) -> Reply:
        return self._reply(Delivered.ANSWERED, "")

    def _cut(self, problem: Exception) -> Reply:
        return self._reply(Delivered.CUT, _why_cut(problem, self._bounds))

    def _reply(self, delivered: Delivered, problem: str) -> Reply:
        response = self._response
        return Reply(
            delivered,
            status=None if response is None else response.status_code,
            headers={} if response is None else dict(response.headers),
            body=bytes(self._body.data),
            problem=problem,
            seconds=self._seconds(),
        )

    def _seconds(self) -> float:
        return time.monotonic() - self._began


def _why_cut(problem: Exception, bounds: Bounds) -> str:
    if isinstance(problem, TooLarge):
        return f"The answer is larger than {bounds.max_bytes} bytes."
    if isinstance(problem, (TimeoutError, httpx.TimeoutException)):
        return f"No whole answer came within {bounds.seconds:g} seconds."
    return f"The answer was cut off ({type(problem).__name__})."
