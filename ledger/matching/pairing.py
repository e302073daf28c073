"""Rows and bookings that are alike, within a cluster of time, are paired.

Both come in order of time, as (time in microseconds, id). Any pairing gives the same book; this
one pairs as many as can be, leaves none out of its window, and is as near in time as it can.
"""

from collections.abc import Sequence
from typing import Final

type Moment = tuple[int, int]

EXACT_UP_TO: Final = 40_000  # rows times bookings: beyond that the plain way


def pairs(rows: Sequence[Moment], items: Sequence[Moment], window: int) -> list[tuple[int, int]]:
    """(row id, item id) for as many as fit within `window`.

    Fewer rows than items: the oldest items are first. Fewer items: the nearest rows.
    """
    if len(rows) <= len(items) or len(rows) * len(items) > EXACT_UP_TO:
        return _oldest_first(rows, items, window)
    return _nearest(rows, items, window)


def waiting(rows: Sequence[Moment], claims: Sequence[Moment]) -> list[tuple[int, int]]:
    """(row id, claim id): each row closes the oldest claim that was open when it came."""
    paired, open_from = [], 0
    for at, row in rows:
        if open_from < len(claims) and claims[open_from][0] <= at:
            paired.append((row, claims[open_from][1]))
            open_from += 1
    return paired


def _oldest_first(
    rows: Sequence[Moment], items: Sequence[Moment], window: int
) -> list[tuple[int, int]]:
    paired, i, j = [], 0, 0
    while i < len(rows) and j < len(items):
        apart = items[j][0] - rows[i][0]
        if abs(apart) <= window:
            paired.append((rows[i][1], items[j][1]))
            i, j = i + 1, j + 1
        elif apart < 0:
            j += 1
        else:
            i += 1
    return paired


def _nearest(rows: Sequence[Moment], items: Sequence[Moment], window: int) -> list[tuple[int, int]]:
    """The most pairs, and of those the least sum of distances, in order on both sides."""
    width = len(items) + 1
    best = [[(0, 0)] * width for _ in range(len(rows) + 1)]  # (pairs made, minus the distance)
    for i in range(len(rows) - 1, -1, -1):
        for j in range(len(items) - 1, -1, -1):
            together = _joined(best, rows, items, i, j, window)
            best[i][j] = max(best[i + 1][j], best[i][j + 1], together)
    return _walk(best, rows, items, window)


def _joined(
    best: list[list[tuple[int, int]]],
    rows: Sequence[Moment],
    items: Sequence[Moment],
    i: int,
    j: int,
    window: int,
) -> tuple[int, int]:
    apart = abs(items[j][0] - rows[i][0])
    if apart > window:
        return (-1, 0)
    made, minus = best[i + 1][j + 1]
    return (made + 1, minus - apart)


def _walk(
    best: list[list[tuple[int, int]]],
    rows: Sequence[Moment],
    items: Sequence[Moment],
    window: int,
) -> list[tuple[int, int]]:
    paired, i, j = [], 0, 0
    while i < len(rows) and j < len(items):
        if best[i][j] == _joined(best, rows, items, i, j, window):
            paired.append((rows[i][1], items[j][1]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return paired
