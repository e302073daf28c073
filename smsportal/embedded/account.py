"""The account that the servers run as: never root, because PostgreSQL refuses it."""

import os
import pwd
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from smsportal.embedded.errors import StartError

LAUNCH = Path(__file__).with_name("launch.py")
FALLBACK = "nobody"
KEPT = ("PATH", "LD_LIBRARY_PATH")  # what this Python itself may need to start


@dataclass(frozen=True)
class Account:
    """A user of this machine, by name and ids."""

    name: str
    uid: int
    gid: int

    @property
    def borrowed(self) -> bool:
        """Whether we have to give up root's rights to become it."""
        return self.uid != os.geteuid()

    def own(self, path: Path) -> None:
        """Give it a file or folder (itself, not what a link points to)."""
        if self.borrowed:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, *paths: Path) -> bool:
        """Whether it can enter these folders and run these files. True without a look for us."""
        if not self.borrowed:
            return True
        command = [*_python(), *self._become(), "--check", "--", *map(str, paths)]
        return subprocess.run(command, check=False, cwd="/").returncode == 0

    def command(self, *words: str, stop: signal.Signals = signal.SIGTERM) -> list[str]:
        """The command line that runs `words` as this account, and stops it when we end."""
        return [*launch(stop), *self._become(), "--", *words]

    def _become(self) -> list[str]:
        if not self.borrowed:
            return []
        groups = ",".join(map(str, os.getgrouplist(self.name, self.gid)))
        return ["--account", f"{self.uid}:{self.gid}:{groups}"]


def launch(stop: signal.Signals) -> list[str]:
    """The start of a command line whose program gets `stop` when this process ends."""
    return [*_python(), "--parent", str(os.getpid()), "--signal", str(int(stop))]


def bare_environment() -> dict[str, str]:
    """The servers' environment: none of our secrets, and no locale of the machine's."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def for_servers(data: Path) -> Account:
    """Choose the account: ourselves, or for root the data folder's owner, or else `nobody`."""
    if os.geteuid() != 0:
        return _by_uid(os.geteuid()) or _refuse_nameless()
    owner = owner_uid(data)
    chosen = _by_uid(owner) if owner else None
    return chosen or _fallback()


def owner_uid(folder: Path) -> int:
    """The owner of a folder, or of the nearest folder above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_uid


def group_of(uid: int) -> int:
    """A user's own group; -1, which changes nothing, where the user has no name here."""
    account = _by_uid(uid)
    return account.gid if account else -1


def _python() -> list[str]:
    return [sys.executable, "-I", "-S", str(LAUNCH)]


def _by_uid(uid: int) -> Account | None:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _fallback() -> Account:
    try:
        entry = pwd.getpwnam(FALLBACK)
    except KeyError:
        raise StartError(
            f"PostgreSQL does not run as root, and this machine has no account {FALLBACK!r}: "
            "start as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _refuse_nameless() -> Account:
    raise StartError(
        f"User id {os.geteuid()} has no name on this machine, which PostgreSQL needs: "
        "add it to /etc/passwd, or set DATABASE_URL and REDIS_URL."
    )
