"""A set of test servers for each test run at a time, kept below `.data/test` for the next one.

Runs that overlap get different folders. Inside a run, the workers of pytest-xdist share their
controller's servers; each has its own database and its own Valkey number.
"""

import os
import shutil
from pathlib import Path

from smsportal.embedded.layout import prepare, prepare_data
from smsportal.embedded.lock import Busy, DataLock

FOLDER = Path(__file__).resolve().parent.parent / ".data"
VARIABLE = "SMSPORTAL_TEST_DATA"
SLOTS = 20

_lock: DataLock | None = None  # held until the process ends


def data() -> Path:
    """This run's data folder: a free one for whoever asks first, handed on by the environment."""
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = str(_take())
    return Path(os.environ[VARIABLE])


def worker() -> int:
    """The number of this pytest-xdist worker, from 0; 0 without xdist."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _take() -> Path:
    global _lock
    test = prepare_data(FOLDER) / "test"
    for number in range(SLOTS):
        folder = prepare_data(test / str(number))
        try:
            _lock = DataLock(folder)
        except Busy:
            continue
        _sweep(folder)
        prepare(folder)  # settles where the servers' files go, and so their addresses
        return folder
    raise RuntimeError(f"{SLOTS} test runs are on already: all folders in {test} are in use")


def _sweep(folder: Path) -> None:
    """Remove what tests that were killed have left: folders and logs of their own."""
    for left in [*folder.glob("e-*"), *folder.glob("r-*")]:
        shutil.rmtree(left, ignore_errors=True)
    for log in folder.glob("*.log"):
        log.unlink()
