"""Heads of columns by which a click sorts a list; `components/sort_head.html` draws them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Head:
    """What a column is called, and how a click on it sorts: `sort` is what the address then says,
    "" where it does not; `sorted` is ascending or descending where the list is sorted by it."""

    title: str
    key: str
    sort: str = ""
    sorted: str = ""
    number: bool = False


def sort_head(title: str, key: str, sort: str, *, down: bool, number: bool) -> Head:
    """Of a list in the order of `sort`, a key that goes down with a "-" before it. A click turns
    that round, or else sorts by this column; `down` says which way at first."""
    if sort.removeprefix("-") != key:
        return Head(title, key, f"-{key}" if down else key, number=number)
    if sort.startswith("-"):
        return Head(title, key, key, "descending", number)
    return Head(title, key, f"-{key}", "ascending", number)
