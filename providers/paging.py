"""Walk the pages of a list on a server that may not know what a page is.

Neither document names a `page` parameter, so a server may ignore it and give the same rows for
ever; rows shift between two reads; what the answer says of its last page may be wrong. Each row
is given once, and the caller is told whether the list is all there: what is missing from an
incomplete list must not be taken for gone.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

from providers.errors import Refused
from providers.values import Page

MAX_PAGES: Final = 200


@dataclass(frozen=True, slots=True)
class Listing[T]:
    """All rows that could be read, each once, in the order in which they came."""

    items: tuple[T, ...]
    complete: bool  # nothing that the provider has can be missing
    pages: int  # requests made
    total: int | None  # as the provider tells it, the largest of the pages
    # There was nothing on the last page, or nothing is said to be after it: whatever is counted.
    ended: bool = field(default=False, compare=False)


def every_page[T](
    fetch: Callable[[int], Page[T]],
    *,
    identity: Callable[[T], Hashable],
    max_pages: int = MAX_PAGES,
) -> Listing[T]:
    """Read page 1, 2, ... until the list ends, repeats itself or `max_pages` were read.

    `fetch` gives the page of a number or raises a ProviderError, which passes through; only a
    later page that is Refused ends the list there, as by a server that takes no `page`.
    """
    walk = _Walk(identity)
    number = 0
    while number < max_pages and not walk.ended:
        number += 1
        try:
            walk.add(fetch(number), asked=number)
        except Refused:
            if number == 1:
                raise
            break
    return Listing(
        tuple(walk.rows.values()), walk.complete, number, walk.total, ended=walk.came_to_end
    )


class _Walk[T]:
    def __init__(self, identity: Callable[[T], Hashable]) -> None:
        self._identity = identity
        self.rows: dict[Hashable, T] = {}
        self.total: int | None = None
        self.ended = False
        self._reached_end = False
        self.came_to_end = False
        self._unreadable = 0

    def add(self, page: Page[T], *, asked: int) -> None:
        known = len(self.rows)
        for row in page.items:
            self.rows.setdefault(self._identity(row), row)
        self._unreadable += page.unreadable
        if page.total is not None:
            self.total = max(page.total, self.total or 0)
        empty = not page.items and not page.unreadable
        past_last = page.last is not None and asked >= page.last
        self._reached_end = empty or past_last
        repeats = len(self.rows) == known
        self.came_to_end = empty or (past_last and not repeats)
        self.ended = repeats or (past_last and self._has_all()) or self._last_unknown_but_all(page)

    @property
    def complete(self) -> bool:
        """Whether the provider's own count was reached, or else the end of its pages."""
        if self._unreadable:
            return False
        return self._reached_end if self.total is None else self._has_all()

    def _has_all(self) -> bool:
        return self.total is None or len(self.rows) >= self.total

    def _last_unknown_but_all(self, page: Page[T]) -> bool:
        return page.last is None and self.total is not None and self._has_all()
