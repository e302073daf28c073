"""The board: rent a number, and see what is live."""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.operations import end_first_steps
from rentals import queries
from rentals.board.first_steps import first_steps
from rentals.board.habits import habits
from rentals.board.marks import mark_of
from rentals.budgets.sheet import own_standings
from rentals.forms import RentForm
from rentals.views.wishes import signature, taken_up
from rentals.visibility import may_rent, sees_team

JUST_ADDED = timedelta(minutes=1)
AN_ID = re.compile(r"[0-9]{1,18}")


@require_safe
@team_view()
def board(request: TeamRequest) -> HttpResponse:
    """The page. `q` searches the offers, `who` (mine, team) says whose rentals."""
    kept = taken_up(request)
    rent = rent_again_context(request, kept) if kept else rent_context(request)
    context = rent | live_context(request)
    context["mark"] = _mark(context)
    if context["first_steps"] and context["first_steps"].through:
        end_first_steps(team=request.team, now=timezone.now())
        messages.success(request, _("Your team is set up: the first steps are done."))
    return render(request, "rentals/board.html", context)


@require_safe
@team_view()
def board_live(request: TeamRequest) -> HttpResponse:
    """The live rentals alone, for the script to read again: what time it is, where they are still
    as they were when the page was made."""
    context = live_context(request)
    if request.GET.get("as") == _mark(context):
        now = int(timezone.now().timestamp() * 1000)
        return trigger_client_event(HttpResponse(status=204), "now", {"at": now})
    return render(request, "rentals/live.html", context)


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


def _mark(context: dict[str, Any]) -> str:
    return mark_of(context["who"], [*context["board"].live, *context["board"].ended])


def rent_again_context(request: TeamRequest, wishes: dict[str, str]) -> dict[str, Any]:
    """The rent form as it was filled in before its person had to sign in again."""
    form = RentForm(team=request.team, initial=wishes)
    chosen = int(wishes["offer"]) if AN_ID.fullmatch(wishes["offer"]) else None
    return rent_context(request, form, chosen=chosen, words=wishes["q"])


def rent_context(
    request: TeamRequest,
    form: RentForm | None = None,
    *,
    chosen: int | None = None,
    words: str = "",
) -> dict[str, Any]:
    """What the rent form needs; `chosen` is the offer that stays chosen in the list.

    A fresh form begins with what the member chose last.
    """
    now = timezone.now()
    mine = habits(request.membership, now=now)
    form = form or RentForm.fresh(request.team, mine)
    words = (words or request.POST.get("q", "") or request.GET.get("q", "")).replace("\0", " ")
    found = queries.search_offers(
        request.membership, words, form.terms, mine, now=now, chosen=chosen
    )
    catalogues = queries.catalogues(request.team)
    return {
        "form": form,
        "whose": signature(request.user),
        "found": found,
        "chosen": chosen,
        "catalogues": catalogues,
        "awaited": _awaited(catalogues, now),
        "chooses": {c.account.pk for c in catalogues if c.chooses_number},
        "admins": request.team.admins() if not catalogues else [],
        "may_rent": may_rent(request.membership),
        "first_steps": first_steps(request.membership, now=now),
        "budgets": partial(own_standings, request.membership, now),
    }


def _awaited(catalogues: list[queries.Catalogue], now: datetime) -> int | None:
    """Now (epoch seconds), where an account that was just added has no catalogue so far."""
    new = [
        each.account.created_at > now - JUST_ADDED
        for each in catalogues
        if each.account.catalogue_read_at is None and not each.account.catalogue_problem
    ]
    return int(now.timestamp()) if any(new) else None


def _whose(request: TeamRequest) -> str:
    asked = request.POST.get("who") or request.GET.get("who")
    if not sees_team(request.membership):
        return "mine"
    if asked in ("mine", "team"):
        return asked
    shared = request.team.shares_board or not may_rent(request.membership)
    return "team" if shared else "mine"
