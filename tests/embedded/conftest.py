"""Data folders of their own, in a place that the servers' account can reach."""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsportal.embedded import addresses
from tests import slots


def _new_folder() -> Path:
    return slots.data() / f"e-{secrets.token_hex(3)}"


def _remove(data: Path) -> None:
    home = addresses.home(data)
    shutil.rmtree(addresses.sockets(data), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(autouse=True, scope="module")
def closed_umask() -> Iterator[None]:
    """What `make run` sets, so that nothing it makes is open to others."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that isn't there yet."""
    folder = _new_folder()
    yield folder
    _remove(folder)


@pytest.fixture(scope="module")
def used_data() -> Iterator[Path]:
    """A data folder for the tests of one file, so that they make a cluster once."""
    folder = _new_folder()
    yield folder
    _remove(folder)


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that only its owner gets into, as mkdtemp makes it."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    yield folder
    _remove(folder / "data")


@pytest.fixture
def as_root() -> bool:
    """Whether the tests run as root: then the servers must not."""
    return os.geteuid() == 0
