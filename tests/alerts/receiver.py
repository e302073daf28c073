"""Somebody else's server that takes webhooks, over real HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """It answers with `status`, `answer` and `sends`; while `holds`, only once `go_on` is set."""

    port: int = 0
    status: int = 200
    answer: bytes = b"thank you"
    sends: dict[str, str] = field(default_factory=dict)
    holds: bool = False
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    came: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/alerts"


@contextmanager
def receiver() -> Iterator[Receiver]:
    ours = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            ours.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            ours.got.append(Got(self.path, headers, body))
            ours.came.set()
            if ours.holds:
                ours.go_on.wait(60)
            self.send_response(ours.status)
            for name, value in ours.sends.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(ours.answer)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            pass  # whoever sent it did not wait

    with Server(("127.0.0.1", 0), Handler) as server:
        ours.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield ours
        ours.go_on.set()
        server.shutdown()
