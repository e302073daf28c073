"""Which pages' filters can be kept, what of an address is kept, and who sees which views.

Imports go one way, so applications above this one register their pages in their AppConfig's
ready().
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import DefaultView, Membership, SavedView
from accounts.states import Role

LONGEST: Final = 2000  # characters of an address's query
MOST: Final = 100  # parameters that are read of it
DIGITS: Final = 3  # from which a search may be for a number

type Problems = Callable[[QueryDict, Membership], list[str]]


class Unreadable(Exception):
    """An address that is not kept; its text says why."""


@dataclass(frozen=True, slots=True)
class FilteredPage:
    """A page whose filters can be kept; `route` is its name below a team's.

    `problems` says what is wrong with a query for somebody, in their words. What stands in a
    parameter of `may_hold_numbers` may be a phone number, which not everybody may see.
    """

    route: str
    title: str | Promise
    parameters: tuple[str, ...]
    problems: Problems
    roles: tuple[Role, ...] = ()
    may_hold_numbers: tuple[str, ...] = ()

    def is_open_to(self, membership: Membership) -> bool:
        return not self.roles or membership.has(*self.roles)

    def address(self, membership: Membership, query: str) -> str:
        here = reverse(self.route, kwargs={"team": membership.team.slug})
        return f"{here}?{query or ALL}"


ALL: Final = "all"  # asks for everything, also where the page begins with a view

_pages: dict[str, FilteredPage] = {}


def register(page: FilteredPage) -> None:
    _pages[page.route] = page


def filtered_page(route: str) -> FilteredPage | None:
    return _pages.get(route)


def pages_of(membership: Membership) -> list[FilteredPage]:
    """Those that this member may open."""
    return [page for page in _pages.values() if page.is_open_to(membership)]


def kept(page: FilteredPage, query: str) -> str:
    """What is kept of an address's query: the page's own filters that are set, in its order.

    Raises Unreadable.
    """
    said = dict(_pairs(query))
    values = [(name, said[name]) for name in page.parameters if said.get(name)]
    if any(not _is_plain(value) for _name, value in values):
        raise Unreadable(_("The filters hold signs that can’t be kept. Type them anew."))
    wanted = urlencode(values)
    if len(wanted) > LONGEST:
        raise Unreadable(_("The filters are too long to be kept. Shorten the search."))
    return wanted


def may_tell_a_number(page: FilteredPage, query: str) -> bool:
    said = QueryDict(query)
    typed = "".join(said.get(name, "") for name in page.may_hold_numbers)
    return sum(sign.isdecimal() for sign in typed) >= DIGITS


def visible_views(membership: Membership) -> QuerySet[SavedView]:
    """Their own and their team's shared ones that are there, of pages that they may open, by name.

    Each with `is_default`: whether the page begins with it for them.
    """
    shared = Q(is_shared=True, owner__team=membership.team_id)
    routes = [page.route for page in pages_of(membership)]
    chosen = DefaultView.objects.filter(membership=membership, view=OuterRef("pk"))
    there = SavedView.objects.filter(deleted_at__isnull=True, page__in=routes)
    views = there.filter(Q(owner=membership) | shared)
    return (
        views.annotate(is_default=Exists(chosen))
        .select_related("owner__user")
        .order_by(Lower("name"), "pk")
    )


def deleted_views(membership: Membership) -> QuerySet[SavedView]:
    """Those that they could have deleted, and may still have back; with those that are back."""
    shared = Q(is_shared=True, owner__team=membership.team_id)
    theirs = Q(owner=membership) | shared if membership.has(Role.ADMIN) else Q(owner=membership)
    return SavedView.objects.filter(theirs)


def address_of(view: SavedView, membership: Membership) -> str:
    """Where the view leads; what it keeps is looked through again. Raises Unreadable."""
    page = _pages[view.page]
    return page.address(membership, kept(page, view.query))


def beginning(membership: Membership, route: str) -> str:
    """The address that a page begins with for somebody; "" for the page as it is.

    A view that is not for them any more, as their role or its filters' values went, is none.
    """
    page = _pages[route]
    views = visible_views(membership).filter(page=route, default_of__membership=membership)
    view = views.first()
    if view is None:
        return ""
    try:
        query = kept(page, view.query)
    except Unreadable:
        return ""
    return "" if page.problems(QueryDict(query), membership) else page.address(membership, query)


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(query, errors="replace", max_num_fields=MOST)
    except ValueError as error:
        raise Unreadable(_("The address has too many parts to be kept.")) from error


def _is_plain(value: str) -> bool:
    return not any(sign < " " or sign == "\x7f" for sign in value)
