"""What a wallet's first rows teach: how near in time they are, and what numbers mean."""

from dataclasses import replace
from typing import Final

from ledger.matching import pace, passes, tables
from ledger.matching.passes import Likeness
from ledger.matching.trust import Trust

WINDOW: Final = 600  # seconds between a booking and its row, either way
SAMPLE: Final = 20_000  # rows from which the usual distance in time is learned

_SAMPLE: Final = """
    SELECT max(at) FROM (SELECT at FROM match_row WHERE kind = %s ORDER BY at LIMIT %s) first
    HAVING count(*) > 0
"""


def pace_of_sample(like: Likeness) -> int | None:
    """Learned from the first rows of those at hand, where nothing was matched before."""
    found = tables.rows(_SAMPLE, [like.kind, SAMPLE])
    if not found:
        return None
    sample = replace(like, until=found[0][0])
    passes.unique(sample)
    learned = pace.of_pairs()
    passes.drop_unique()
    return learned or _pace_of_crowd(sample)


def _pace_of_crowd(sample: Likeness) -> int | None:
    """Where rentals follow each other so closely that hardly one is alone in the whole window."""
    for window in pace.STEPS:
        passes.unique(replace(sample, window=window))
        holds = pace.holds_in_a_crowd(sample.kind, sample.whats, until=sample.until)
        passes.drop_unique()
        if holds:
            return window
    return None


def weigh(seen: Trust) -> bool:
    """Whether the numbers are trusted from now on; strays among much agreement are left out."""
    if seen.doubts_strays and seen.disagreed:
        passes.drop_strays()
    return seen.is_earned


def unique(like: Likeness, windows: list[int]) -> None:
    if windows:
        passes.apart(like, windows)
    for window in windows:
        if not tables.is_done():
            passes.unique(replace(like, window=window))
