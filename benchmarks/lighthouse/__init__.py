"""Lighthouse's mobile run over the pages that people come for, on the server as `make run` has it.

Its own packages are installed beside this file (`npm ci`), and nothing else of the portal needs
npm. Raises RuntimeError, saying what is missing, where npm or a Chromium is.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure
from benchmarks.ground import load, web
from tests.browser.chromium import OPTIONS, program

FOLDER: Final = Path(__file__).resolve().parent
RUNS: Final = 3  # of each page; the figure is their median
PAGES: Final = (
    "board", "rental_list", "rental_detail", "spend", "wallets", "wallet_detail",
    "exception_list", "month_list", "audit_log", "provider_accounts", "health",
)  # fmt: skip
# The name, the goal, and whether it is the least or the most.
GOALS: Final = {
    "performance": (95.0, True),
    "accessibility": (100.0, True),
    "best_practices": (95.0, True),
    "fcp_ms": (1000.0, False),
    "lcp_ms": (1500.0, False),
    "tbt_ms": (100.0, False),
    "cls": (0.02, False),
}


def measure() -> Iterator[Figure]:
    _install()
    with web() as server:
        for page in _run(_wanted(f"http://localhost:{server.port}")):
            for what, (goal, at_least) in GOALS.items():
                name = f"lighthouse_{page['name']}_{what}"
                yield Figure(name, page["figures"][what], goal, at_least)
            if page["missed"]:
                _say(f"{page['name']}: {', '.join(page['missed'])}")
    _say(load())


def _install() -> None:
    if shutil.which("npm") is None:
        raise RuntimeError("Lighthouse needs npm and Node.js 18.16 or later: install them.")
    quiet = ["--no-audit", "--no-fund", "--silent"]
    subprocess.run(["npm", "ci", *quiet], check=True, cwd=FOLDER, stdout=subprocess.DEVNULL)


def _wanted(base: str) -> dict[str, Any]:
    """What run.mjs is to do, with a team that has months behind it and one of its admins."""
    from benchmarks.live.people import sign_in
    from tests.browser.lived_in import lived_in, pages

    visits = {name: (user, at) for name, user, at in pages(lived_in()) if user}
    admin = visits["board"][0]
    addresses = {name: at for name, (user, at) in visits.items() if user == admin}
    return {
        "chromium": program(),
        "flags": OPTIONS,
        "cookie": sign_in([admin])[0],
        "runs": RUNS,
        "pages": [{"name": name, "url": f"{base}{addresses[name]}"} for name in PAGES],
    }


def _run(wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A result for each page, as run.mjs tells it."""
    done = subprocess.run(
        ["node", "run.mjs"], cwd=FOLDER, input=json.dumps(wanted), stdout=subprocess.PIPE, text=True
    )
    yield from map(json.loads, done.stdout.splitlines())
    if done.returncode:
        raise RuntimeError("Lighthouse ended before it was through: see what it said above.")


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
