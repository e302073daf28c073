"""The processes that may die: each is started again after a moment, as a supervisor would."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from benchmarks.ground import ground, running, web_on, worker

BEAT = ("-m", "celery", "-q", "-A", "smsportal", "beat", "--pidfile=")


class Part:
    """A process that can be killed and started again."""

    def __init__(self, start: Callable[[], AbstractContextManager[object]]) -> None:
        self._start = start
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        self._running.enter_context(self._start())

    def kill(self) -> None:
        """At once, as `kill -9` does."""
        self._running.close()


class Server:
    """PostgreSQL or Valkey of this run."""

    def __init__(self, name: str) -> None:
        self.name = name

    def kill(self) -> None:
        for _, process in [each for each in ground().servers.running if each[0].name == self.name]:
            process.kill()
            process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It says no word, and its connections stay."""
        for each, process in ground().servers.running:
            if each.name == self.name:
                process.send_signal(signal.SIGSTOP)
                yield
                process.send_signal(signal.SIGCONT)
                return

    def alive(self) -> bool:
        running = ground().servers.running
        return any(each.name == self.name and process.poll() is None for each, process in running)

    def start(self) -> None:
        """Raises StartError where it can't; it can be started again then."""
        servers = ground().servers
        at, server = next(
            (at, each[0]) for at, each in enumerate(servers.running) if each[0].name == self.name
        )
        known = len(servers.running)
        try:
            servers.start(server)
        finally:
            if len(servers.running) > known:
                servers.running[at] = servers.running.pop()  # in the order of their stopping


def cast(at: socket.socket, **environment: str) -> dict[str, Part | Server]:
    """Web, a worker for all queues, beat, and the two servers, by name."""
    return {
        "web": Part(lambda: web_on(at, **environment)),
        "worker": Part(lambda: worker("now", "poll", "bulk", threads=8, **environment)),
        "beat": Part(beat),
        "postgres": Server("postgres"),
        "valkey": Server("valkey"),
    }


def beat() -> AbstractContextManager[subprocess.Popen[bytes]]:
    return running([sys.executable, *BEAT], ground().environment | {"PYTHONWARNINGS": "ignore"})
