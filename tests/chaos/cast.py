"""The processes that may die: each is started again after a moment, as a supervisor would."""

import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

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

    def start(self) -> None:
        servers = ground().servers
        at, server = next(
            (at, each[0]) for at, each in enumerate(servers.running) if each[0].name == self.name
        )
        servers.start(server)
        servers.running[at] = servers.running.pop()  # in the order in which they are stopped


def cast(listener: socket.socket) -> dict[str, Part | Server]:
    """Web, a worker for `now`, beat, and the two servers, by name."""
    return {
        "web": Part(lambda: web_on(listener)),
        "worker": Part(lambda: worker("now", "poll", "bulk")),
        "beat": Part(_beat),
        "postgres": Server("postgres"),
        "valkey": Server("valkey"),
    }


def _beat() -> AbstractContextManager[subprocess.Popen[bytes]]:
    return running([sys.executable, *BEAT], ground().environment | {"PYTHONWARNINGS": "ignore"})
