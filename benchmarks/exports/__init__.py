"""How much memory a file of a million rows takes, above what its worker has idle.

Each is made in a process of its own, as a worker makes it: asked for, taken up by its row, written
to disk. `/proc` tells the peak.
"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from benchmarks.figures import Figure
from benchmarks.ground import ground

ROWS: Final = 1_000_000
RENTALS: Final = 200_000
GOAL: Final = 150.0  # MB
SECONDS: Final = {"csv": 120, "xlsx": 600}


def measure() -> Iterator[Figure]:
    ground()
    from accounts.models import Membership
    from benchmarks.exports.scene import wallet_with
    from benchmarks.pages.scene import filled

    wallet, finance = wallet_with(ROWS)
    for kind in SECONDS:
        statement = _made("statement", wallet.pk, finance.pk, kind, "kind=opening")
        yield from _figures(f"{kind}_of_1m_lines", statement, ROWS + 1, SECONDS[kind])
    place = filled(RENTALS)
    reader = Membership.objects.get(team=place.team, user=place.finance)
    for kind in SECONDS:
        history = _made("rentals", 0, reader.pk, kind, "state=in_doubt")
        yield from _figures(f"{kind}_of_200k_rentals", history, RENTALS, SECONDS[kind])


def _made(*words: object) -> list[float]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.exports.making", *map(str, words)]
    ran = subprocess.run(
        command, env=ground().environment, check=True, capture_output=True, text=True
    )
    return [float(word) for word in ran.stdout.split()[-4:]]


def _figures(what: str, made: list[float], expected: int, limit: float) -> Iterator[Figure]:
    memory, seconds, rows, size = made
    if rows != expected:
        raise RuntimeError(f"{rows:.0f} rows came of {what}")
    yield Figure(f"export_{what}_peak_mb_above_idle", memory, GOAL)
    yield Figure(f"export_{what}_seconds", seconds, limit)
    yield Figure(f"export_{what}_file_mb", size, 300)
