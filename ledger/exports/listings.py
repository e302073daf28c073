"""The lists that can be taken as files, by name. One description serves the view that sends a
short one at once, and the worker that makes a long one.

Applications above this one register what is theirs in their AppConfig's ready().
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise

from accounts.actions import Action
from accounts.models import Membership
from accounts.pages.parameters import clean
from accounts.states import Role
from ledger.exports.cells import Value


class NotListed(Exception):
    """There is no such list for whoever asks; its text says why, `status` what a view answers."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


def refuse_if(problems: Sequence[str]) -> None:
    """A filter that can't be read narrows nothing: no file is better than one of everything.

    Raises NotListed where there are problems.
    """
    if problems:
        raise NotListed(" ".join(problems), 422)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, and at which moment; `about` is the wallet of a statement."""

    membership: Membership
    query: QueryDict
    now: datetime
    about: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "query", clean(self.query))


@dataclass(frozen=True, slots=True)
class Table:
    """A list as it is asked for. `source` has a line for each row, which `rows` reads one by one;
    `filtered` are the filters that are set, for the record."""

    name: str
    head: Sequence[object]
    source: "QuerySet[Any, Any] | Sequence[Any]"
    rows: Callable[[], Iterable[Sequence[Value]]]
    filtered: Mapping[str, str] = field(default_factory=dict[str, str])

    def has_more_than(self, count: int) -> bool:
        if isinstance(self.source, QuerySet):
            return self.source.order_by()[: count + 1].count() > count
        return len(self.source) > count

    def total(self) -> int:
        if isinstance(self.source, QuerySet):
            return self.source.order_by().count()
        return len(self.source)

    @property
    def titles(self) -> list[str]:
        return [str(title) for title in self.head]


@dataclass(frozen=True, slots=True)
class Listing:
    """`table` raises NotListed. `action` is what the audit log says of a file that was taken."""

    name: str
    title: str | Promise
    table: Callable[[Asked], Table]
    roles: tuple[Role, ...] = ()
    action: Action = Action.EXPORTED

    def is_open_to(self, membership: Membership) -> bool:
        return not self.roles or membership.has(*self.roles)


_listings: dict[str, Listing] = {}


def register(listing: Listing) -> None:
    _listings[listing.name] = listing


def listing(name: str) -> Listing:
    """Raises KeyError for a word that is none."""
    return _listings[name]


def title(name: str) -> str:
    """Also of a list that there is no more."""
    return str(_listings[name].title) if name in _listings else name
