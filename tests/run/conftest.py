"""The whole portal in a process of its own, on data of its own."""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from smsportal.embedded import addresses
from tests import processes, slots

KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
type Start = Callable[..., AbstractContextManager[processes.Process]]


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder that isn't there yet."""
    folder = slots.data() / f"r-{secrets.token_hex(3)}"
    yield folder
    shutil.rmtree(addresses.home(folder), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def bare(data: Path) -> dict[str, str]:
    """An operator's environment: where the data is, and nothing else of ours."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | {"DATA_DIR": str(data)}


def address(portal: processes.Process) -> str:
    """The address that a portal has printed."""
    return _said(portal, r"is ready: (\S+)")


def sandbox_address(portal: processes.Process) -> str:
    return _said(portal, r"plays both providers: (\S+)")


def children(portal: processes.Process) -> set[int]:
    """The process ids of what a supervisor runs."""
    found = Path(f"/proc/{portal.popen.pid}/task/{portal.popen.pid}/children").read_text()
    return {int(pid) for pid in found.split()}


def _said(portal: processes.Process, words: str) -> str:
    found = re.search(words, portal.output())
    assert found is not None, portal.output()
    return found[1]


@pytest.fixture(scope="module")
def styled() -> None:
    """Pages name their files by what the collected ones hold."""
    words = ["manage.py", "collectstatic", "--noinput"]
    with processes.python(*words, environment=processes.environment(), name="static") as collecting:
        assert collecting.wait(90) == 0, collecting.output()
