"""A browser's side of an event stream, over a socket."""

import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Self

from tests.hooks.serving import Web

SYNC = "sync"
WALLETS = "wallets"
ALERTS = "alerts"


class Stream:
    """Reads what the lane says. Events are `sync`, `wallets`, `alerts` or a rental's id."""

    def __init__(self, web: Web, slug: str, cookie: str = "") -> None:
        self.web = web
        self.wire = socket.create_connection(("127.0.0.1", web.port))
        lines = [f"GET /live/{slug} HTTP/1.1", "Host: localhost", f"Cookie: {cookie}", "", ""]
        self.wire.sendall("\r\n".join(lines).encode())
        self.head = b""
        self.events: list[str | int] = []
        self.ended = False
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.wire.close()

    @property
    def status(self) -> int:
        self.read_until(lambda: self.head, "the answer's head")
        return int(self.head.split()[1])

    def opened(self) -> Self:
        """Wait for the first `sync`: from here on everything is heard."""
        assert self.status == 200, self.head
        self.read_until(lambda: self.events, "the first sync")
        assert self.events[0] == SYNC
        return self

    def hears(self, event: str | int) -> None:
        """Read up to the next event of that name, or up to an id, which may have come already."""
        known = len(self.events) if event in (SYNC, WALLETS, ALERTS) else 0
        self.read_until(lambda: event in self.events[known:], f"the event {event}")

    def ends(self, seconds: float = 10) -> None:
        self.read_until(lambda: self.ended, "the end", seconds)

    def read_until(self, condition: Callable[[], object], what: str, seconds: float = 10) -> None:
        deadline = monotonic() + seconds
        while not condition():
            said = f"{what}; so far {self.events[-9:]}\n{self.web.process.output()[-2000:]}"
            assert not self.ended, f"the stream ended before {said}"
            assert monotonic() < deadline, f"not within {seconds} s: {said}"
            self.read(0.2)

    def read(self, seconds: float) -> None:
        """Take what comes within so many seconds, if anything does."""
        self.wire.settimeout(seconds)
        with suppress(TimeoutError):
            self._take(self.wire.recv(65536))

    def _take(self, data: bytes) -> None:
        if not data:
            self.ended = True
        self._rest += data
        if not self.head:
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if end:
                self.head, self._rest = head, rest
        while self.head and self._chunk():
            pass

    def _chunk(self) -> bool:
        size, end, rest = self._rest.partition(b"\r\n")
        if not end or len(rest) < int(size, 16) + 2:
            return False
        text, self._rest = rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        self.ended |= not text
        self.events += [read for event in text.split(b"\n\n") if (read := _event(event))]
        return True


def _event(text: bytes) -> str | int | None:
    fields = dict(line.split(b":", 1) for line in text.splitlines() if line[:1] != b":")
    if (name := fields.get(b"event", b"").decode().strip()) in (SYNC, WALLETS, ALERTS):
        assert fields[b"data"] == b""
        return name
    return int(fields[b"data"]) if fields.get(b"event") == b" rental" else None
