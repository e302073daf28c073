"""A whole portal on data of its own, for a measurement or a picture."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from smsportal.embedded import addresses
from smsportal.embedded.account import launch

KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")


@contextmanager
def empty_data() -> Iterator[Path]:
    """A data folder that isn't there yet, and is removed at the end."""
    with tempfile.TemporaryDirectory(dir=addresses.ROOT, prefix=".data-") as folder:
        Path(folder).chmod(0o711)  # root's servers run as another account
        yield Path(folder) / "data"


@contextmanager
def portal(data: Path) -> Iterator[list[str]]:
    """The lines that it has printed up to its last one about starting; it stops at the end."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    with subprocess.Popen(
        [*launch(signal.SIGKILL), "--", sys.executable, "-m", "smsportal"],
        cwd=addresses.ROOT,
        env=environment | {"DATA_DIR": str(data)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        output = cast(IO[str], process.stdout)
        try:
            yield list(_until_started(output))
        finally:
            process.send_signal(signal.SIGTERM)
            output.read()


def _until_started(output: IO[str]) -> Iterator[str]:
    for line in output:
        yield line.rstrip("\n")
        if line.startswith("Ctrl-C stops"):
            return
    raise RuntimeError("the portal did not start: see what it printed")
