"""One rental: its facts, messages and timeline."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from accounts.views.common import varied
from rentals.board.cards import Card, card
from rentals.forms import DecideForm, PurgeForm, ShowCodeForm
from rentals.inbox import unclaimed
from rentals.operations import NotPossible, show_messages
from rentals.states import RentalState
from rentals.timeline import timeline
from rentals.views.common import visible_or_404
from rentals.visibility import Sight, may_decide, sees_spend


@require_safe
@team_view()
def rental_detail(request: TeamRequest, rental: int) -> HttpResponse:
    """The page; htmx gets what changes on it."""
    found = visible_or_404(request, rental)
    shown = card(request.membership, found, now=timezone.now())
    part = "rentals/detail.html#live" if request.htmx else "rentals/detail.html"
    return varied(render(request, part, detail_context(request, shown)))


@require_http_methods(["GET", "POST"])
@team_view(Role.ADMIN)
def rental_show_code(request: TeamRequest, rental: int) -> HttpResponse:
    """Show another's messages this once, after writing down who looked and why."""
    found = visible_or_404(request, rental)
    shown = card(request.membership, found, now=timezone.now())
    if request.method == "GET" or shown.sight != Sight.NUMBER:
        return redirect("rental_detail", team=request.team.slug, rental=rental)
    form = ShowCodeForm(request.POST)
    if not form.is_valid():
        context = detail_context(request, shown, show_code=form)
        return render(request, "rentals/detail.html", context, status=422)
    seen, reason = found.messages.filter(purged_at=None), form.cleaned_data["reason"]
    try:
        show_messages(rental=found, messages=seen, reason=reason, actor=request.user)
    except NotPossible as problem:
        messages.info(request, str(problem))
        return redirect("rental_detail", team=request.team.slug, rental=rental)
    context = detail_context(request, replace(shown, sight=Sight.ALL), show_code=form)
    return render(request, "rentals/detail.html", context | {"once": True})


def detail_context(
    request: TeamRequest,
    shown: Card,
    *,
    show_code: ShowCodeForm | None = None,
    decide: DecideForm | None = None,
    purge: PurgeForm | None = None,
) -> dict[str, Any]:
    """What the page shows; the forms as they were sent, or fresh ones.

    A page that answers a form is not read again as a whole, which would take the answer away: of
    it only the card follows the rental.
    """
    in_doubt = shown.rental.state == RentalState.IN_DOUBT
    decides = in_doubt and may_decide(request.membership)
    return {
        "card": shown,
        "timeline": timeline(shown),
        "answers": bool(show_code or decide or purge),
        "form": show_code or ShowCodeForm(),
        "decide": (decide or DecideForm.fresh(shown.rental)) if decides or decide else None,
        "unclaimed": unclaimed(shown.rental) if decides else [],
        "purge": (purge or PurgeForm()) if _may_purge(request, shown) or purge else None,
        "evidence": shown.refund if sees_spend(request.membership) else None,
    }


def _may_purge(request: TeamRequest, shown: Card) -> bool:
    return request.membership.has(Role.ADMIN) and not shown.rental.is_live and shown.holds_something
