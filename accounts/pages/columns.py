"""Which columns of a list each person wants to see.

Imports go one way, so applications above this one register their lists in their AppConfig's
ready(). A page tells its table by their places which columns it goes without; its cells stay as
they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise

from accounts.models import HiddenColumns, Membership, User
from accounts.states import Role

type Title = str | Promise


@dataclass(frozen=True, slots=True)
class Column:
    """One that is `fixed` names the row, and is always there."""

    key: str
    title: Title
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list, by the name of its route; `columns` are those that a member sees there, in order."""

    route: str
    columns: Callable[[Membership], Sequence[Column]]
    roles: tuple[Role, ...] = ()

    def is_open_to(self, membership: Membership) -> bool:
        return not self.roles or membership.has(*self.roles)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A list's columns as one person has chosen them."""

    route: str
    columns: Sequence[Column]
    hidden: frozenset[str]

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        """Those that may be hidden, each with whether it is shown."""
        free = [column for column in self.columns if not column.fixed]
        return [(column, column.key not in self.hidden) for column in free]

    @property
    def without(self) -> str:
        """The places of the hidden ones, from 1, with blanks between them."""
        shown = dict(self.choices)
        places = enumerate(self.columns, start=1)
        return " ".join(str(place) for place, column in places if not shown.get(column, True))


_listings: Final[dict[str, Listing]] = {}


def register(listing: Listing) -> None:
    _listings[listing.route] = listing


def listing(route: str) -> Listing | None:
    return _listings.get(route)


def chosen(membership: Membership, route: str) -> Chosen:
    """In one query. Whoever chose nothing sees all of them."""
    columns = _listings[route].columns(membership)
    return Chosen(route, columns, hidden(membership.user, route))


def hidden(user: User, route: str) -> frozenset[str]:
    names = HiddenColumns.objects.filter(user=user, listing=route).values_list("names", flat=True)
    return frozenset(names.first() or ())
