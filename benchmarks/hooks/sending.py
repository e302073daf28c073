"""Senders that cost little: requests made beforehand, answers told by their first bytes."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

import uvloop

HEAD_END = b"\r\n\r\n"


@dataclass
class Sent:
    """What came of some requests: seconds until each answer, and how many were no 200."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    lasted: float = 0.0

    @property
    def accepted(self) -> int:
        return len(self.seconds)

    def at(self, share: float) -> float:
        """The time within which this share of them was answered, in milliseconds."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Line(asyncio.Protocol):
    """A connection that sends one request at a time and calls back with each answer."""

    def __init__(self) -> None:
        self.waiting: asyncio.Future[bool] | None = None
        self.transport: asyncio.Transport | None = None
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(HEAD_END)
        if end and len(body) >= _length(head):
            good, self._got = head.startswith(b"HTTP/1.1 200"), b""
            if self.waiting is not None and not self.waiting.done():
                self.waiting.set_result(good)

    def connection_lost(self, problem: Exception | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(False)

    def ask(self, request: bytes) -> asyncio.Future[bool]:
        """Whether the answer is a 200."""
        self.waiting = asyncio.get_running_loop().create_future()
        if self.transport is None or self.transport.is_closing():
            self.waiting.set_result(False)
        else:
            self.transport.write(request)
        return self.waiting


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length: ")
    return int(head[at + 16 :].split(b"\r\n", 1)[0])


async def connect(port: int) -> Line:
    _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return line


def closed_loop(port: int, requests: Iterable[bytes], clients: int, seconds: float = 1e9) -> Sent:
    """So many clients, each with its next request as soon as it has an answer.

    Each opens its connection at the start, all of them at once. Ends with the requests, or when
    the time is over.
    """
    return uvloop.run(_closed_loop(port, deque(requests), clients, seconds))


async def _closed_loop(port: int, left: deque[bytes], clients: int, seconds: float) -> Sent:
    sent = Sent()
    started = perf_counter()

    async def client() -> None:
        line = None
        while left and perf_counter() - started < seconds:
            begun = perf_counter()
            request = left.popleft()
            line = line or await connect(port)
            if await line.ask(request):
                sent.seconds.append(perf_counter() - begun)
            else:
                sent.refused += 1
                line = None

    await asyncio.gather(*(client() for _ in range(clients)))
    sent.lasted = perf_counter() - started
    return sent


def open_loop(port: int, requests: Iterable[bytes], rate: float, lines: int = 64) -> Sent:
    """Requests at fixed moments, whether or not the ones before were answered.

    The time counts from the moment at which it should have been sent.
    """
    return uvloop.run(_open_loop(port, list(requests), rate, lines))


async def _open_loop(port: int, requests: list[bytes], rate: float, lines: int) -> Sent:
    sent = Sent()
    free = deque([await connect(port) for _ in range(lines)])
    under_way: set[asyncio.Task[None]] = set()

    async def one(request: bytes, due: float) -> None:
        line = free.popleft() if free else await connect(port)
        if await line.ask(request):
            sent.seconds.append(perf_counter() - due)
        else:
            sent.refused += 1
        free.append(line)

    started = perf_counter()
    for number, request in enumerate(requests):
        due = started + number / rate
        if (wait := due - perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(request, due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.gather(*under_way)
    sent.lasted = perf_counter() - started
    return sent
