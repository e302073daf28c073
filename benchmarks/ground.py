"""Real servers for a measurement: PostgreSQL as safe as in earnest, Valkey, web and workers.

One set of data serves a whole run, because Django reads its settings once.
"""

import atexit
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.portal import KEPT, empty_data
from smsportal import keyfiles
from smsportal.embedded import addresses
from smsportal.embedded.account import launch
from smsportal.embedded.layout import prepare_data
from smsportal.embedded.servers import Servers
from smsportal.embedded.waiting import within
from smsportal.running import plan, ports

FILES = 65_536
PATIENCE = 60.0


@dataclass(frozen=True)
class Ground:
    """Where everything is. Django is set up on it in this process, too."""

    data: Path
    environment: dict[str, str]
    servers: Servers

    @property
    def pgbench(self) -> str:
        """The binary that came with the server."""
        return str(self.servers.running[0][0].binaries.postgres.with_name("pgbench"))


@cache
def ground() -> Ground:
    """The servers of this run, started when first asked for and stopped with this process."""
    raise_file_limit()
    stack = ExitStack()
    atexit.register(stack.close)
    data = stack.enter_context(empty_data())
    keyfiles.make_missing(prepare_data(data), {})
    servers = stack.enter_context(Servers(data))
    own = {
        "DATA_DIR": str(data),
        "DATABASE_URL": addresses.database_url(data),
        "REDIS_URL": addresses.redis_url(data),
        "DJANGO_SETTINGS_MODULE": "smsportal.settings",
        "PUBLIC_URL": "http://localhost",
        "EMAIL_URL": "memorymail://",
        "PYTHONUNBUFFERED": "1",
    }
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | own
    manage = [sys.executable, "-W", "ignore", plan.MANAGE, "prepare"]
    subprocess.run(manage, check=True, env=environment, cwd=plan.ROOT, stdout=subprocess.DEVNULL)
    for name in ("SECRET_KEY", "KEYRING", "KEYRING_FILE", "DEBUG", "SENTRY_DSN"):
        os.environ.pop(name, None)
    os.environ.update(own)
    import django

    django.setup()
    return Ground(data, environment, servers)


def raise_file_limit() -> None:
    """As far as we may: each stream is a file at both ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def processor_seconds(pid: int) -> float:
    """What a process has used so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A process that listens on a port of 127.0.0.1."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def memory(self) -> int:
        """Bytes of it that are in memory now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    @property
    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    @property
    def cpu(self) -> float:
        return processor_seconds(self.process.pid)


@contextmanager
def listener() -> Iterator[socket.socket]:
    """A listening socket as the supervisor has one, on a free port."""
    with ports.listen("127.0.0.1", "") as at:
        yield at


@contextmanager
def web(application: str = "", **more: str) -> Iterator[Server]:
    """The web process exactly as `make run` starts it, or another application in its place."""
    with listener() as at, web_on(at, application, **more) as server:
        until_it_answers(server)
        yield server


@contextmanager
def web_on(at: socket.socket, application: str = "", **more: str) -> Iterator[Server]:
    """The same on a given listening socket; it may not answer yet."""
    port = at.getsockname()[1]
    environment = ground().environment | {"PORT": str(port)} | more
    words = plan.web(environment, at.fileno(), at.fileno()).command()
    if application:
        words += [application]
    with running(words, environment, at.fileno()) as process:
        yield Server(process, port)


@contextmanager
def worker(*queues: str, threads: int = 8, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker as `make run` starts it, on these queues."""
    words = ["-m", "celery", "-q", "-A", "smsportal", "worker", "-Q", ",".join(queues)]
    words += ["-n", f"{queues[0]}@%h", "-P", "threads", "-c", str(threads)]
    words += ["--without-gossip", "--without-mingle"]
    environment = ground().environment | {"PYTHONWARNINGS": "ignore"} | more
    with running([sys.executable, *words], environment) as process:
        yield process


@contextmanager
def running(
    words: list[str], environment: dict[str, str] | None, *files: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that dies with us; its lines go to a file beside the data."""
    with (ground().data / "processes.log").open("ab") as log:
        process = subprocess.Popen(
            [*launch(signal.SIGKILL), "--", *words] if words[0] == sys.executable else words,
            env=environment or ground().environment,
            cwd=plan.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=files,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until_it_answers(server: Server) -> None:
    """Raises with its last lines where it ends instead."""

    def answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 5) as wire:
                wire.settimeout(5)
                wire.sendall(b"GET /hooks/x/y HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return bool(wire.recv(1))
        except OSError:
            return False

    until(lambda: answers() or server.process.poll() is not None, "the web process answers")
    if server.process.poll() is not None:
        log = ground().data / "processes.log"
        raise RuntimeError(f"the web process ended: {log.read_text()[-2000:]}")


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    if not within(seconds, condition):
        raise RuntimeError(f"not within {seconds:.0f} s: {what}")


def load() -> str:
    """How busy the machine is, for whoever reads the figures."""
    return f"load {os.getloadavg()[0]:.1f} at {time.strftime('%T', time.gmtime())}"
