"""What the two plain ASGI lanes have in common: answers, the ORM in threads, quiet logs."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final

from django.db import connections

type Event = dict[str, Any]
type Receive = Callable[[], Awaitable[Event]]
type Send = Callable[[Event], Awaitable[None]]

JSON: Final = (b"content-type", b"application/json")
HTML: Final = (b"content-type", b"text/html; charset=utf-8")
LOG_PAUSE: Final = 10.0  # seconds between two lines of one kind

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. Names of headers are small letters."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    kind: tuple[bytes, bytes] = JSON

    @property
    def start(self) -> Event:
        length = (b"content-length", b"%d" % len(self.body))
        headers = [self.kind, length, (b"cache-control", b"no-store"), *self.headers]
        return {"type": "http.response.start", "status": self.status, "headers": headers}

    async def send_to(self, send: Send) -> None:
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


def refusal(status: int, why: str, **headers: str) -> Answer:
    """An answer that says what is wrong. `headers` are named with underscores."""
    body = json.dumps({"status": "error", "message": why}).encode()
    named = ((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items())
    return Answer(status, body, tuple(named))


class OrmThreads:
    """Runs functions that use the ORM, in a few threads that give their connections back."""

    def __init__(self, name: str, size: int) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)

    async def run[T](self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, partial(_and_disconnect, function)
        )

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _and_disconnect[T](function: Callable[[], T]) -> T:
    try:
        return function()
    finally:
        connections.close_all()


class QuietLog:
    """Warnings that anyone can cause from outside: one line of a kind in ten seconds."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def warn(self, kind: str, detail: object = "") -> None:
        """Log the kind and, of its first occurrence in a while, the detail."""
        now = monotonic()
        if now - self._last.get(kind, -LOG_PAUSE) < LOG_PAUSE:
            self._unsaid[kind] = self._unsaid.get(kind, 0) + 1
            return
        self._last[kind] = now
        logger.warning("%s %s (%d more before)", kind, detail, self._unsaid.pop(kind, 0))


def where(problem: BaseException) -> str:
    """An exception's type and place, without its text: that may quote a message or a token."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
    return type(problem).__name__ + place
