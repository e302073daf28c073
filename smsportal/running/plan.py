"""What `make run` runs besides PostgreSQL and Valkey."""

import signal
import sys
from pathlib import Path

from smsportal.embedded.account import bare_environment, launch
from smsportal.embedded.postgres import Postgres
from smsportal.embedded.valkey import Valkey
from smsportal.running.child import Program

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = str(ROOT / "manage.py")
SANDBOX_PORT = 8001
ROOT_IS_FINE = "ignore:You're running the worker with superuser privileges"  # no pickle here
# Tasks wait for the network and hardly compute: threads do that in a tenth of the memory.
WORKERS = {"now": 8, "poll": 4, "bulk": 2}


def server(embedded: Postgres | Valkey) -> Program:
    """One of the embedded servers."""
    return Program(
        name=embedded.name,
        command=embedded.command,
        environment=bare_environment(),
        folder=Path("/"),
        stop_signal=embedded.stop_signal,
        not_news=embedded.not_news,
        before=embedded.prepare,
    )


def sandbox(environment: dict[str, str], socket: int, state: Path, lock: int) -> Program:
    """Both providers, played by a local server."""
    words = ["sandbox", "--fd", str(socket), "--state", str(state)]
    return _python("sandbox", words, environment, lock, socket, not_news=("demo key",))


def web(environment: dict[str, str], socket: int, lock: int) -> Program:
    """Pages, event streams and webhooks."""
    return _python("web", ["smsportal.web", str(socket)], environment, lock, socket)


def workers(environment: dict[str, str], lock: int) -> list[Program]:
    """A Celery worker for each queue, and beat."""
    return [
        *(_worker(queue, threads, environment, lock) for queue, threads in WORKERS.items()),
        _celery("beat", ["beat", "--pidfile="], environment, lock),
    ]


def manage_command(*words: str) -> list[str]:
    """The command line of an operator's command; it is killed when we end."""
    return [*launch(signal.SIGTERM), "--", sys.executable, "-W", "ignore", MANAGE, *words]


def _worker(queue: str, threads: int, environment: dict[str, str], lock: int) -> Program:
    words = ["worker", "-Q", queue, "-n", f"{queue}@%h", "-P", "threads", "-c", str(threads)]
    words += ["--without-gossip", "--without-mingle"]
    return _celery(f"worker-{queue}", words, environment, lock)


def _celery(name: str, words: list[str], environment: dict[str, str], lock: int) -> Program:
    environment = {**environment, "PYTHONWARNINGS": ROOT_IS_FINE}
    words = ["celery", "-q", "-A", "smsportal", *words]
    return _python(name, words, environment, lock, not_news=("Warm shutdown",))


def _python(
    name: str,
    words: list[str],
    environment: dict[str, str],
    *files: int,
    not_news: tuple[str, ...] = (),
) -> Program:
    return Program(
        name=name,
        command=lambda: [*launch(signal.SIGTERM), "--", sys.executable, "-m", *words],
        environment=environment,
        folder=ROOT,
        files=files,
        not_news=not_news,
    )
