"""How much memory a download of a long statement takes, above what the process has idle.

Each is taken in a process of its own, as a worker serves it: the view answers, and the body is
read piece by piece and thrown away. `/proc` tells the peak.
"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from benchmarks.figures import Figure
from benchmarks.ground import ground

LINES: Final = 200_000
GOAL: Final = 150.0  # MB


def measure() -> Iterator[Figure]:
    environment = ground().environment
    from benchmarks.exports.scene import wallet_with

    wallet, finance = wallet_with(LINES)
    for kind in ("csv", "xlsx"):
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.exports.taking"]
        words = [*command, str(wallet.pk), str(finance.pk), kind]
        said = subprocess.run(
            words, env=environment, check=True, capture_output=True, text=True
        ).stdout
        memory, seconds, lines = map(float, said.split()[-3:])
        if lines != LINES + 1:  # the opening balance is one, too
            raise RuntimeError(f"{lines:.0f} lines came as {kind}")
        yield Figure(f"export_{kind}_of_200k_lines_peak_mb_above_idle", memory, GOAL)
        yield Figure(f"export_{kind}_of_200k_lines_seconds", seconds, 60)
