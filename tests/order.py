"""Which process runs which tests, and in which order: what takes longest first.

So all processes end at about the same time, with short files. xdist by itself begins with the files
of the most tests, and ends with those of one test that takes a minute.
"""

from typing import Final

import pytest
from xdist.scheduler import LoadFileScheduling

# What one process takes as a whole, besides files: its tests share servers that are slow to start.
TOGETHER: Final = ("tests/browser/stack/",)
# By the time that they take, the longest first; the rest come after them.
LONGEST: Final = (
    *TOGETHER,
    "tests/simulation/",
    "tests/browser/test_every_page.py",
    "tests/run/test_portal.py",
    "tests/rentals/test_chaos.py",
    "tests/ledger/test_busy_wallet.py",
    "tests/hooks/test_chaos.py",
    "tests/ledger/test_histories.py",
    "tests/browser/",
    "tests/ledger/test_refund_rows.py",
    "tests/ledger/test_guesses.py",
    "tests/rentals/test_any_",
    "tests/budgets/test_any_history.py",
    "tests/live/test_staying.py",
    "tests/ledger/test_reconciling.py",
    "tests/access/",
    "tests/rentals/test_without_redis.py",
    "tests/run/",
)


class LongestFirst(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """A file at a time in the order of the tests, and what is in `TOGETHER` at once."""

    def _split_scope(self, nodeid: str) -> str:
        whole = [folder for folder in TOGETHER if nodeid.startswith(folder)]
        return whole[0] if whole else nodeid.partition("::")[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Sort the tests by their files; those of a file keep their order."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    """Where a test comes, from 0: that of the longest name that it begins with."""
    found = [name for name in LONGEST if nodeid.startswith(name)]
    return LONGEST.index(max(found, key=len)) if found else len(LONGEST)
