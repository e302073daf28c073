"""Real processes for tests: workers, the web server, the sandbox. They die with the test run.

with processes.worker(environment, "now") as worker:
    ...
    worker.kill()
"""

import contextlib
import fcntl
import functools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from smsportal.embedded.account import launch
from tests import slots
from tests.trust import TRUST
from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent
GRACE = 15.0
START = 60.0  # seconds: a busy machine takes a while


@dataclass(frozen=True)
class Process:
    """A running program, and the file that its lines go to."""

    popen: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        """All that it has written so far, both streams."""
        return self.log.read_text(errors="replace")

    def alive(self) -> bool:
        return self.popen.poll() is None

    def send(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def kill(self) -> None:
        """End it and all its children at once, as `kill -9` does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.send(signal.SIGTERM)
        return self.popen.wait(GRACE)

    def wait(self, seconds: float = GRACE) -> int:
        """Wait for its own end, and return its exit code."""
        return self.popen.wait(seconds)

    def until(self, condition: Callable[[], object], what: str, seconds: float = START) -> None:
        """Wait for a condition; fail with its output as soon as it ends instead."""
        until(lambda: condition() or not self.alive(), f"{what}\n{self.output()}", seconds)
        assert self.alive(), f"ended with {self.popen.returncode} before {what}\n{self.output()}"

    def until_said(self, words: str, seconds: float = START) -> None:
        self.until(lambda: words in self.output(), f"it says {words!r}", seconds)


@contextmanager
def run(
    *words: str,
    environment: dict[str, str],
    name: str,
    cwd: Path = ROOT,
    files: tuple[int, ...] = (),
) -> Iterator[Process]:
    """Run a program with exactly this environment, and kill it at the end if it still runs.

    `files` are descriptors that it inherits.
    """
    log = slots.data() / f"{name}-{os.getpid()}.log"
    with log.open("wb") as lines:
        popen = subprocess.Popen(
            [*launch(signal.SIGKILL), "--", *words],
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            pass_fds=files,
        )
    process = Process(popen, log)
    try:
        yield process
    finally:
        process.kill()
        log.unlink(missing_ok=True)


@contextmanager
def python(
    *words: str,
    environment: dict[str, str],
    name: str,
    cwd: Path = ROOT,
    files: tuple[int, ...] = (),
) -> Iterator[Process]:
    """Run this Python with these arguments."""
    words = (sys.executable, *words)
    with run(*words, environment=environment, name=name, cwd=cwd, files=files) as process:
        yield process


def environment(**more: str) -> dict[str, str]:
    """The variables with which a process of ours works on this test's database and Valkey."""
    own = ("PATH", "HOME", "LANG", "DATA_DIR", "DATABASE_URL", "REDIS_URL", "PUBLIC_URL")
    kept = {name: os.environ[name] for name in own if name in os.environ}
    return {**kept, "DJANGO_SETTINGS_MODULE": "smsportal.settings", "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def worker(
    environment: dict[str, str], *queues: str, pool: str = "threads", concurrency: int = 4
) -> Iterator[Process]:
    """A Celery worker on these queues, once it takes work."""
    names = ",".join(queues)
    options = ["-Q", names, "-n", f"{names}-{slots.worker()}@test", "-P", pool]
    arguments = ["-m", "celery", "-A", "smsportal", "worker", *options, "-c", str(concurrency)]
    arguments += ["-l", "INFO", "--without-mingle", "--without-gossip"]
    with python(*arguments, environment=environment, name=f"worker-{names}") as process:
        process.until_said(" ready.")
        yield process


@contextmanager
def beat(environment: dict[str, str]) -> Iterator[Process]:
    """Celery's beat: the ticks."""
    arguments = ["-m", "celery", "-A", "smsportal", "beat", "--pidfile="]
    with python(*arguments, environment=environment, name="beat") as process:
        yield process


@contextmanager
def web(environment: dict[str, str], port: int = 0) -> Iterator[tuple[Process, str]]:
    """The web server on a port, else a free one, once it answers: itself and its base address."""
    _collect_static()
    port = port or free_port()
    base = f"http://localhost:{port}"
    arguments = ["-m", "uvicorn", "smsportal.asgi:application", "--port", str(port)]
    environment = {**environment, "PORT": str(port), "PUBLIC_URL": base}
    with python(*arguments, environment=environment, name=f"web-{port}") as process:
        process.until(lambda: answers(f"{base}/healthz"), "the web server answers")
        yield process, base


@functools.cache
def _collect_static() -> None:
    """Once a run, and one worker at a time: pages need the files' names with their digests."""
    with (slots.data() / "lock-of-static").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with python("manage.py", "prepare", environment=environment(), name="prepare") as command:
            assert command.wait(2 * START) == 0, command.output()


def answers(url: str) -> bool:
    """Whether an address is answered with a success."""
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, timeout=2, verify=TRUST, trust_env=False).is_success
    return False


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
