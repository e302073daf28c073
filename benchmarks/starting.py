"""How long `make run` takes to a page that answers: on no data, and on data that is there."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from smsportal.embedded import addresses
from smsportal.embedded.account import launch

KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=addresses.data_folder().parent) as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        yield Figure("first_start_seconds", _start(data), 12.0)
        yield Figure("second_start_seconds", _start(data), 6.0)


def _start(data: Path) -> float:
    """Seconds until the portal says that it is ready, which it does once a page has answered."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    started = time.monotonic()
    with subprocess.Popen(
        [*launch(signal.SIGKILL), "--", sys.executable, "-m", "smsportal"],
        env=environment | {"DATA_DIR": str(data)},
        stdout=subprocess.PIPE,
        text=True,
    ) as portal:
        assert portal.stdout is not None  # noqa: S101 - a pipe was asked for
        ready = next((line for line in portal.stdout if re.search("is ready", line)), "")
        seconds = time.monotonic() - started
        portal.send_signal(signal.SIGTERM)
        portal.stdout.read()
    return seconds if ready else float("inf")
