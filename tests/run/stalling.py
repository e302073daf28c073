"""One thread that hands out something long, or a word, as the pages' server does."""

from collections.abc import Callable, Iterable
from typing import Any

LONG = 100 * 1024 * 1024  # more than any socket takes unread


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/long":
        return (bytes(65_536) for _ in range(LONG // 65_536))
    return [b"here"]
