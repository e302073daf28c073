"""All the rentals that someone may see, filtered, sorted and paged by the address."""

from django.core.paginator import Page
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.views.common import paged, varied
from accounts.views.saved_views import begun
from ledger.exports.response import download
from rentals.board.cards import Card, card
from rentals.columns import history
from rentals.heads import Head, sort_head
from rentals.history.filters import RentalFilter
from rentals.history.sorting import SORTS, Listed
from rentals.queries import shown
from rentals.views.common import to_own_rentals
from rentals.visibility import may_rent, sees_spend, sees_team, visible_rentals

PAGE = 25


@require_safe
@team_view()
def rental_list(request: TeamRequest) -> HttpResponse:
    """The history. `sort` is a word of sorting.SORTS, downwards with a "-"; `page` from 1."""
    if view := begun(request, "rental_list"):
        return view
    if own := to_own_rentals(request):
        return own
    narrowed = RentalFilter(request.GET, membership=request.membership)
    sort = request.GET.get("sort", "")
    listed = Listed(narrowed.qs, sort, narrowed.values)
    found = paged(request, listed, PAGE)
    context = {
        "filter": narrowed,
        "goes_on": listed.goes_on,
        **found,
        "cards": _cards(request, found["page"]),
        "columns": _columns(request, sort or "-requested"),
        "sees_team": sees_team(request.membership),
        "may_rent": may_rent(request.membership),
        "files_of_own": sees_team(request.membership) and not sees_spend(request.membership),
        "any": bool(found["page"]) or visible_rentals(request.membership).exists(),
    }
    part = "rentals/list.html#results" if request.htmx else "rentals/list.html"
    return varied(render(request, part, context))


@require_safe
@team_view()
def history_export(request: TeamRequest) -> HttpResponseBase:
    """What is filtered, as a file; of their own, for whoever sees no one else's money."""
    return download(request, "rentals")


def _cards(request: TeamRequest, page: "Page[int]") -> list[Card]:
    """The page's rentals in its order, read with all that a row shows."""
    now = timezone.now()
    pks = list(page)
    found = shown(visible_rentals(request.membership)).in_bulk(pks)
    return [card(request.membership, found[pk], now=now) for pk in pks if pk in found]


def _columns(request: TeamRequest, sort: str) -> list[Head]:
    return [_column(str(each.title), each.key, sort) for each in history(request.membership)]


def _column(title: str, key: str, sort: str) -> Head:
    number = key == "price"
    if key not in SORTS:
        return Head(title, key, number=number)
    return sort_head(title, key, sort, down=key == "requested", number=number)
