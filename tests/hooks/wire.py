"""HTTP by hand, for what a client library would not send."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.hooks.serving import Web

PATIENCE = 10.0


@contextmanager
def connected(web: Web) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", web.port), PATIENCE) as wire:
        yield wire


def head(path: str, *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode()


def request(path: str, body: bytes, *headers: str) -> bytes:
    return head(path, f"Content-Length: {len(body)}", *headers) + body


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        part = body[start : start + size]
        yield b"%x\r\n" % len(part) + part + b"\r\n"
    yield b"0\r\n\r\n"


def until_closed(wire: socket.socket) -> bytes:
    """All that still comes."""
    got = bytearray()
    while data := wire.recv(65536):
        got += data
    return bytes(got)


def read_answers(wire: socket.socket, count: int) -> list[int]:
    """The statuses of the next answers, each of which has a Content-Length."""
    statuses: list[int] = []
    got = b""
    while len(statuses) < count:
        before, end, after = got.partition(b"\r\n\r\n")
        length = _length(before) if end else 0
        if end and len(after) >= length:
            statuses.append(int(before.split()[1]))
            got = after[length:]
        else:
            data = wire.recv(65536)
            assert data, f"closed after {statuses}"
            got += data
    return statuses


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
