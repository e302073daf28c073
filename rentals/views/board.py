"""The board: rent a number, and see what is live."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from rentals import queries
from rentals.budgets.sheet import own_standings
from rentals.forms import RentForm
from rentals.habits import habits
from rentals.visibility import may_rent, sees_team


@require_safe
@team_view()
def board(request: TeamRequest) -> HttpResponse:
    """The page. `q` searches the offers, `who` (mine, team) says whose rentals."""
    context = rent_context(request) | live_context(request)
    return render(request, "rentals/board.html", context)


@require_safe
@team_view()
def board_live(request: TeamRequest) -> HttpResponse:
    """The live rentals alone, for the script to read again."""
    return render(request, "rentals/live.html", live_context(request))


@require_safe
@team_view()
def wallet_bar(request: TeamRequest) -> HttpResponse:
    """The balances in the top bar alone, likewise."""
    accounts = queries.accounts_in_use(request.team)
    context = {"accounts": accounts, "membership": request.membership}
    return render(request, "components/wallets.html", context)


def live_context(request: TeamRequest) -> dict[str, Any]:
    who = _whose(request)
    return {
        "board": queries.board(request.membership, everyone=who == "team", now=timezone.now()),
        "who": who,
        "sees_team": sees_team(request.membership),
        "may_rent": may_rent(request.membership),
    }


def rent_context(
    request: TeamRequest, form: RentForm | None = None, *, chosen: int | None = None
) -> dict[str, Any]:
    """What the rent form needs; `chosen` is the offer that stays chosen in the list.

    A fresh form begins with what the member chose last.
    """
    now = timezone.now()
    mine = habits(request.membership, now=now)
    form = form or RentForm.fresh(request.team, mine)
    words = (request.POST.get("q", "") or request.GET.get("q", "")).replace("\0", " ")
    found = queries.search_offers(
        request.membership, words, form.terms, mine, now=now, chosen=chosen
    )
    catalogues = queries.catalogues(request.team)
    return {
        "form": form,
        "found": found,
        "chosen": chosen,
        "catalogues": catalogues,
        "chooses": {c.account.pk for c in catalogues if c.chooses_number},
        "admins": request.team.admins() if not catalogues else [],
        "may_rent": may_rent(request.membership),
        "budgets": partial(own_standings, request.membership, now),
    }


def _whose(request: TeamRequest) -> str:
    asked = request.POST.get("who") or request.GET.get("who")
    if not sees_team(request.membership):
        return "mine"
    if asked in ("mine", "team"):
        return asked
    shared = request.team.shares_board or not may_rent(request.membership)
    return "team" if shared else "mine"
