"""What rentals cost, by month and currency: one's own; for finance and admins everybody's."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import User
from accounts.views.common import paged, varied
from ledger.exports.response import download
from rentals import spending
from rentals.board.cards import card
from rentals.history.sorting import Listed
from rentals.models.rentals import RentalQuerySet
from rentals.queries import shown
from rentals.spend.month import asked, behind
from rentals.spend.reading import Narrowed, choices
from rentals.views.common import to_own_spend
from rentals.visibility import sees_spend, spend_of

PAGE = 25


@require_safe
@team_view()
def spend(request: TeamRequest) -> HttpResponse:
    """`month` as 2026-11, else the newest; `member` by id for those who see all; `page`."""
    if own := to_own_spend(request):
        return own
    wanted = asked(request.GET)
    member = wanted.whose(request.membership)
    months = spending.by_month(request.team.pk, member)
    month = wanted.shown(months)
    sees_all = sees_spend(request.membership)
    context = {
        "months": months,
        "month": month,
        "of_month": [each for each in months if each.month == month],
        "choices": sorted({each.month for each in months}, reverse=True),
        "sees_all": sees_all,
        "member": wanted.member,
        "members": _members(request) if sees_all else [],
        "any": bool(months) or _rentals(request).exists(),
        **page_of(request, behind(request.membership, month, member)),
    }
    part = "rentals/spend/months.html#results" if request.htmx else "rentals/spend/months.html"
    return varied(render(request, part, context))


@require_safe
@team_view()
def spend_export(request: TeamRequest) -> HttpResponseBase:
    """The rentals of the month that the page shows, as a file."""
    return download(request, "spend-rentals")


def page_of(request: TeamRequest, rentals: RentalQuerySet) -> dict[str, Any]:
    """A page of rentals with their money, for `rentals/spend/behind.html`."""
    listed = Listed(rentals)
    found = paged(request, listed, PAGE)
    pks = list(found["page"])
    read = shown(spend_of(request.membership)).in_bulk(pks)
    now = timezone.now()
    return {
        "goes_on": listed.goes_on,
        **found,
        "cards": [card(request.membership, read[pk], now=now) for pk in pks if pk in read],
    }


def _rentals(request: TeamRequest) -> RentalQuerySet:
    return spend_of(request.membership)


def _members(request: TeamRequest) -> QuerySet[User]:
    renting = choices(Narrowed(request.team.pk)).member
    return User.objects.filter(pk__in=map(int, renting)).order_by("name", "email")
