"""A client with a key, and a receiver of webhooks, both over real HTTP."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import httpx

from sandbox.books.records import Delivery
from sandbox.core import Sandbox
from sandbox.providers import Provider
from tests.trust import TRUST

SMSGIG, SMSVILLA = Provider.SMSGIG, Provider.SMSVILLA


class Caller:
    """Asks one provider with one key; `body()` reads numbers without losing a digit."""

    def __init__(self, sandbox: Sandbox, provider: Provider, key: str = "") -> None:
        self.provider = provider
        self.http = httpx.Client(
            base_url=sandbox.url + provider.base_path,
            headers={"Authorization": f"Bearer {key or sandbox.key(provider)}"},
            timeout=5,
            verify=TRUST,
            trust_env=False,
        )

    def get(self, path: str, **params: object) -> httpx.Response:
        return self.http.get(path, params={n: str(v) for n, v in params.items()})

    def post(self, path: str, **fields: object) -> httpx.Response:
        return self.http.post(path, json=fields)

    def rent(self, service_code: str = "whatsapp", **fields: object) -> httpx.Response:
        path = "/s1/rent" if self.provider is SMSGIG else "/rent"
        return self.post(path, service_code=service_code, **fields)

    def rented(self, service_code: str = "whatsapp", **fields: object) -> int:
        """The activation id of a rent that must succeed."""
        return int(body(self.rent(service_code, **fields))["rental"]["activation_id"])

    def cancel(self, activation_id: int) -> httpx.Response:
        path = "/s1/rentals/cancel" if self.provider is SMSGIG else "/cancel"
        return self.post(path, activation_id=activation_id)

    def balance(self) -> Decimal:
        return Decimal(body(self.get("/balance"))["balance"])


def body(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of a 200."""
    assert response.status_code == 200, response.text
    found: dict[str, Any] = json.loads(response.content, parse_float=Decimal)
    return found


class Posted(NamedTuple):
    """A webhook that arrived."""

    body: bytes
    headers: dict[str, str]

    @property
    def fields(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Receiver:
    """Takes webhooks; `status` and `reply` are its answer, which waits while `gate` is closed."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.reply = b'{"status": "ok"}'
        self.gate = threading.Event()
        self.gate.set()
        self._posted: queue.Queue[Posted] = queue.Queue()

    def next(self, seconds: float = 5) -> Posted:
        """The next webhook; `queue.Empty` if none comes in time."""
        return self._posted.get(timeout=seconds)

    def is_empty(self) -> bool:
        return self._posted.empty()

    def take(self, posted: Posted) -> None:
        self._posted.put(posted)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take(Posted(content, {n.lower(): v for n, v in self.headers.items()}))
            receiver.gate.wait(10)
            self.send_response(receiver.status)
            self.end_headers()
            self.wfile.write(receiver.reply)

        def log_message(self, format: str, *values: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        server.server_close()


def settled(sandbox: Sandbox, count: int, seconds: float = 5) -> list[Delivery]:
    """The log of deliveries, newest first, once it has `count` of them."""
    deadline, woken = time.monotonic() + seconds, threading.Event()
    while len(found := sandbox.journal.deliveries()) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} deliveries"
        woken.wait(0.01)
    return found
