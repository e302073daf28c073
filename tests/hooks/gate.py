"""A gate in front of a server's socket: open, shut (nobody home) or frozen (no word any more)."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self
from urllib.parse import quote

from smsportal.embedded import addresses
from tests import databases, slots


class Gate:
    """Forwards a Unix socket at `outside` to the one at `inside`. A context; starts open."""

    def __init__(self, outside: Path, inside: Path) -> None:
        self.outside = outside
        self.inside = inside
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self.thaw()
        self.shut()

    def open(self) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.outside))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()

    def shut(self) -> None:
        """Cut all connections and take none."""
        self.outside.unlink(missing_ok=True)
        with self._lock:
            ends, self._open = [*self._open], []
        if self._listener is not None:
            ends.append(self._listener)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def cut(self) -> None:
        """What a quick restart looks like."""
        self.shut()
        self.open()

    def freeze(self) -> None:
        """Take connections and bytes, and pass nothing on."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._forward, args=[near], daemon=True).start()

    def _forward(self, near: socket.socket) -> None:
        with near, socket.socket(socket.AF_UNIX) as far, suppress(OSError, ValueError):
            far.connect(str(self.inside))
            with self._lock:
                self._open += [near, far]
            self._pump(near, far)

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        with selectors.DefaultSelector() as both:
            both.register(near, selectors.EVENT_READ, far)
            both.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _ in both.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    data = source.recv(65536)
                    self._flowing.wait()
                    if not data:
                        return
                    key.data.sendall(data)


@contextmanager
def before(name: str) -> Iterator[Gate]:
    """A gate in front of one of the test servers, whose socket has this name."""
    inside = addresses.sockets(slots.data()) / name
    with TemporaryDirectory(prefix="gate-") as folder, Gate(Path(folder) / name, inside) as gate:
        yield gate


def database_url(gate: Gate) -> str:
    """The address of this worker's database, through the gate."""
    folder = quote(str(gate.outside.parent), safe="")
    return f"postgresql://{addresses.ROLE}@/{databases.name()}?host={folder}"


def redis_url(gate: Gate) -> str:
    """The address of this worker's Valkey number, through the gate."""
    return f"unix://{quote(str(gate.outside))}?db={slots.worker()}"
