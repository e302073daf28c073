"""PostgreSQL 18 on a Unix socket of ours, in a cluster of ours."""

import hashlib
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from smsportal.embedded import addresses
from smsportal.embedded.account import bare_environment
from smsportal.embedded.binaries import Binaries
from smsportal.embedded.errors import StartError
from smsportal.embedded.layout import Layout
from smsportal.embedded.strays import Stray, command_line
from smsportal.embedded.waiting import wait_for_server

MAJOR = "18"
MEMORY = {"shared_buffers": "64MB", "max_connections": "200"}
# Whoever made an error hears of it; a log of it would hold values: numbers, codes.
QUIET = {"log_min_messages": "fatal", "log_min_error_statement": "panic", "jit": "off"}
UNSAFE_AND_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """The embedded PostgreSQL of one data folder.

    `disposable` trades safety against a crash for speed: for tests only.
    """

    layout: Layout
    binaries: Binaries
    disposable: bool = False

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast shutdown": SIGTERM would wait for every client
    not_news = ("terminating connection", "the database system is")

    @property
    def cluster(self) -> Path:
        return self.layout.home / "postgres"

    @property
    def url(self) -> str:
        return addresses.database_url(self.layout.data)

    def prepare(self) -> None:
        """Make the cluster where there is none; end and sweep up after an earlier server."""
        self._stray().stop(self.stop_signal)
        if not self.cluster.exists():
            self._make_cluster()
        self._check_cluster()
        self._remove_stale_locks()

    def command(self) -> list[str]:
        """The command line of the server in the foreground; it ends when this process ends."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.layout.sockets),
            "unix_socket_permissions": "0700",
            "cluster_name": self._tag(),
            "timezone": "UTC",
            **MEMORY,
            **QUIET,
            **(UNSAFE_AND_FAST if self.disposable else {}),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        words = [str(self.binaries.postgres), "-D", str(self.cluster), *options]
        return self.layout.account.command(*words, stop=self.stop_signal)

    def wait_ready(self, alive: Callable[[], bool]) -> None:
        """Return when it answers and our database exists. `alive` says whether it still runs."""
        wait_for_server("PostgreSQL", self._answers, alive)
        self._make_database()

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            self._connect().close()
            return True
        return False

    def _connect(self) -> psycopg.Connection:
        url = addresses.database_url(self.layout.data, "postgres")
        return psycopg.connect(url, autocommit=True, connect_timeout=2)

    def _make_database(self) -> None:
        name = addresses.DATABASE
        with self._connect() as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if found.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _make_cluster(self) -> None:
        """Make it under another name first, so that a half-made one is never taken for whole."""
        unfinished = self.layout.home / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self.layout.folder(unfinished.name)
        options = [
            f"--pgdata={unfinished}",
            f"--username={addresses.ROLE}",
            "--auth-local=trust",  # whoever gets into the socket's folder; nobody else can
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(["--no-sync"] if self.disposable else []),
        ]
        command = self.layout.account.command(str(self.binaries.initdb), *options)
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd="/", env=bare_environment()
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise StartError(f"PostgreSQL can't make its data folder: {_reason(done.stderr)}")
        unfinished.rename(self.cluster)

    def _check_cluster(self) -> None:
        account = self.layout.account
        owner = self.cluster.stat().st_uid
        if owner != account.uid:
            raise StartError(
                f"{self.cluster} belongs to user id {owner}, and PostgreSQL would run as "
                f"{account.name}: give it back with chown -R, or start as that user."
            )
        try:
            found = (self.cluster / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise StartError(f"{self.cluster} holds no PostgreSQL data: {error}.") from error
        if found != MAJOR:
            raise StartError(f"{self.cluster} is of PostgreSQL {found}, and this is {MAJOR}.")

    def _remove_stale_locks(self) -> None:
        """Remove what a killed server left. A live process id alone doesn't make a server."""
        lock = self.cluster / "postmaster.pid"
        with suppress(OSError, ValueError, IndexError):
            pid = int(lock.read_text().splitlines()[0])
            if any(str(self.cluster) in word for word in command_line(pid)):
                raise StartError(f"Process {pid} uses {self.cluster} already: stop it first.")
        lock.unlink(missing_ok=True)
        for left in self.layout.sockets.glob(f"{addresses.SOCKET_NAME_POSTGRES}*"):
            left.unlink()

    def _stray(self) -> Stray:
        return Stray("postgres", self._tag(), self.layout.account.uid)

    def _tag(self) -> str:
        return f"smsportal-{hashlib.sha256(bytes(self.cluster)).hexdigest()[:16]}"


def _reason(stderr: str) -> str:
    """What initdb's complaint says was wrong, and its hint."""
    found = re.findall(r"(?:error|FATAL|PANIC|HINT): +(.+)", stderr)
    return "; ".join(found[:2]) or "it gave no reason."
