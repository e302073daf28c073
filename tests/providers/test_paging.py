"""Lists on servers that page, that ignore `page`, that shift and that lie."""

from collections.abc import Callable, Sequence

import pytest

from providers.errors import Refused, Throttled, Unavailable
from providers.paging import Listing, every_page
from providers.values import Page


def paged(
    rows: Sequence[int], size: int = 100, *, last: int | None = None, total: int | None = None
) -> Callable[[int], Page[int]]:
    """Give a server that pages as it should, telling whatever it is told to tell."""

    def fetch(number: int) -> Page[int]:
        start = (number - 1) * size
        return Page(tuple(rows[start : start + size]), number, last, total)

    return fetch


def walk(fetch: Callable[[int], Page[int]], max_pages: int = 20) -> Listing[int]:
    return every_page(fetch, identity=lambda row: row, max_pages=max_pages)


def test_all_of_360_services() -> None:
    listing = walk(paged(range(360), last=4, total=360))
    assert listing.items == tuple(range(360))
    assert (listing.complete, listing.pages, listing.total) == (True, 4, 360)


@pytest.mark.parametrize(
    ("last", "total", "pages", "complete"),
    [
        (4, None, 4, True),
        (None, 360, 4, True),
        (None, None, 5, True),
        (1, 360, 4, True),
        (2, 360, 4, True),
        (99, 360, 5, True),
        (4, 361, 5, False),
        (9, None, 5, True),
    ],
)
def test_what_the_server_says_of_the_end_may_be_missing_or_wrong(
    last: int | None, total: int | None, pages: int, complete: bool
) -> None:
    listing = walk(paged(range(360), last=last, total=total))
    assert listing.items == tuple(range(360))
    assert (listing.pages, listing.complete) == (pages, complete)


@pytest.mark.parametrize(("last", "total"), [(4, 360), (None, 360), (4, None), (None, None)])
def test_a_server_that_ignores_the_page_is_noticed(last: int | None, total: int | None) -> None:
    listing = walk(lambda _: Page(tuple(range(100)), 1, last, total))
    assert listing.items == tuple(range(100))
    assert (listing.pages, listing.complete) == (2, False)


def test_one_page_that_says_that_it_is_all() -> None:
    listing = walk(paged(range(3), last=1))
    assert (listing.items, listing.pages, listing.complete) == ((0, 1, 2), 1, True)


def test_an_empty_list_is_complete_unless_the_total_says_otherwise() -> None:
    assert walk(paged([], last=1, total=0)) == Listing((), True, 1, 0)
    assert walk(paged([])) == Listing((), True, 1, None)
    assert not walk(paged([], total=5)).complete


def test_rows_that_shift_down_while_reading_come_once() -> None:
    rows = list(range(250))

    def fetch(number: int) -> Page[int]:
        page = paged(rows, total=len(rows))(number)
        rows.insert(0, 1000 + number)
        return page

    listing = walk(fetch)
    assert sorted(listing.items) == list(range(250))
    assert not listing.complete


def test_rows_that_shift_up_past_the_reader_make_it_incomplete() -> None:
    rows = list(range(250))

    def fetch(number: int) -> Page[int]:
        page = paged(rows, total=len(rows))(number)
        rows.pop(0)
        return page

    listing = walk(fetch)
    assert 100 not in listing.items
    assert not listing.complete


def test_pages_without_end_are_capped() -> None:
    listing = walk(lambda number: Page((number,), number, None, None), max_pages=7)
    assert (listing.items, listing.pages, listing.complete) == (tuple(range(1, 8)), 7, False)


def test_unreadable_rows_make_it_incomplete() -> None:
    listing = walk(lambda n: Page((1, 2), n, 1, 2, unreadable=1))
    assert (listing.items, listing.complete) == ((1, 2), False)


def test_a_later_page_that_is_refused_ends_the_list_and_other_errors_pass() -> None:
    def failing(error: Exception, at: int) -> Callable[[int], Page[int]]:
        def fetch(number: int) -> Page[int]:
            if number == at:
                raise error
            return paged(range(360), total=360)(number)

        return fetch

    listing = walk(failing(Refused("no page"), at=2))
    assert (len(listing.items), listing.complete) == (100, False)
    for error, at in ((Refused("no"), 1), (Unavailable("no"), 2), (Throttled("wait"), 3)):
        with pytest.raises(type(error)):
            walk(failing(error, at))
