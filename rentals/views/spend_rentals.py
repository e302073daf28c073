"""The rentals behind a figure of the spend page: single ones, down to the cent."""

from collections.abc import Iterator

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import User
from ledger.exports.response import download
from rentals.spend.asked import Asked
from rentals.spend.behind import behind, sums_behind
from rentals.views.common import to_own_spend
from rentals.views.spend import asked_by
from rentals.views.spend_months import page_of
from rentals.visibility import sees_spend, spend_of


@require_safe
@team_view()
def spend_rentals(request: TeamRequest) -> HttpResponse:
    """The address is that of the spend page, and may name a `currency`; `page`."""
    if own := to_own_spend(request):
        return own
    wanted = asked_by(request)
    context = {
        "asked": wanted,
        "sums": sums_behind(wanted),
        "narrowed": list(_narrowed(request, wanted)),
        "sees_all": sees_spend(request.membership),
        **page_of(request, behind(request.membership, wanted)),
    }
    context["any"] = bool(context["cards"]) or spend_of(request.membership).exists()
    status = 400 if wanted.problem else 200
    return render(request, "rentals/spend/rentals.html", context, status=status)


@require_safe
@team_view()
def spend_rentals_export(request: TeamRequest) -> HttpResponseBase:
    """All of them as a file."""
    return download(request, "spend-behind")


def _narrowed(request: TeamRequest, wanted: Asked) -> Iterator[str]:
    """What the rentals have in common, in people's words."""
    narrowed = wanted.narrowed
    if narrowed.member is not None and not wanted.own:
        renting = User.objects.filter(pk=narrowed.member, memberships__team=request.team)
        yield from map(str, renting)
    if narrowed.account is not None:
        accounts = request.team.provider_accounts.filter(pk=narrowed.account)
        yield from accounts.values_list("label", flat=True)
    if narrowed.service is not None:
        yield narrowed.service
    if narrowed.purpose is not None:
        yield narrowed.purpose or _("Without a purpose")
    if narrowed.outcome is not None:
        yield str(narrowed.outcome.label)
    if wanted.currency:
        yield wanted.currency
