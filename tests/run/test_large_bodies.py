"""More than any form takes is refused before it is kept."""

import socket

import pytest
from django.conf import settings

from smsportal.running import ports
from tests import processes

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("styled")]

LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
PART = b"x" * 65_536


def answer(wire: socket.socket) -> str:
    return b"".join(iter(lambda: wire.recv(65_536), b"")).decode()


def send(where: tuple[str, int], size: int, *, chunked: bool = False, path: str = "/") -> str:
    """The whole answer to so many bytes."""
    told = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    lines = (f"POST {path} HTTP/1.1", "Host: localhost", "Accept-Language: pl", told)
    with socket.create_connection(where, 30) as wire:
        wire.sendall("\r\n".join((*lines, "Connection: close", "", "")).encode())
        while size > 0:
            part = PART[:size]
            wire.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
            size -= len(part)
        if chunked:
            wire.sendall(b"0\r\n\r\n")
        return answer(wire)


def test_what_is_too_large_is_refused_in_words(fresh_database: str) -> None:
    with ports.listen("127.0.0.1", "") as listener:
        words = ["-m", "smsportal.web", str(listener.fileno())]
        with processes.python(
            *words,
            environment=processes.environment(),
            name="web-bodies",
            files=(listener.fileno(),),
        ):
            where = listener.getsockname()
            for chunked in (False, True):
                told = send(where, 3 * LIMIT, chunked=chunked)
                assert told.startswith("HTTP/1.1 413 ")
                assert "Za duże" in told
            assert send(where, 3 * LIMIT, path="/%ff").startswith("HTTP/1.1 4")
            assert send(where, LIMIT // 2).startswith("HTTP/1.1 403 "), "read, and lacks a token"
