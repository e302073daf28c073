"""How the provider accounts are doing, and replaying what came in."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import ProviderAccount
from accounts.states import Role
from accounts.views.common import paged, varied
from ledger.days import team_day
from rentals.health.accounts import LOOK_BACK, team_health
from rentals.operations.replaying import replay_inbox
from rentals.quality.asked import RatesForm, columns, sheet
from rentals.quality.reading import total

PAGE = 50

SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": LOOK_BACK}


@require_safe
@team_view(Role.ADMIN)
def health(request: TeamRequest) -> HttpResponse:
    """Filters, days, grouping, `sort` and `page` of the rates are in the address; htmx gets the
    rates alone."""
    now = timezone.now()
    form = RatesForm(request.GET, team=request.team, today=team_day(request.team, now))
    sort = request.GET.get("sort", "")
    rates = sheet(form, sort) if form.is_valid() else []
    context = {
        "form": form,
        "whole": total(rates),
        **paged(request, rates, PAGE),
        "columns": columns(form, sort),
    }
    if request.htmx:
        return varied(render(request, "rentals/health.html#results", context))
    context["accounts"] = team_health(request.team, now)
    status = 422 if form.errors else 200
    return varied(render(request, "rentals/health.html", context, status=status))


@require_POST
@team_view(Role.ADMIN)
def inbox_replay(request: TeamRequest, account: int) -> HttpResponse:
    """`span` (hour, day, week) says how far back."""
    accounts = ProviderAccount.objects.select_related("team")
    found = get_object_or_404(accounts, pk=account, team=request.team)
    since = timezone.now() - SPANS.get(request.POST.get("span", ""), SPANS["day"])
    count = replay_inbox(accounts=[found], since=since, actor=request.user)
    said = ngettext(
        "%(count)d webhook is being applied again.",
        "%(count)d webhooks are being applied again.",
        count,
    )
    messages.success(
        request, said % {"count": count} if count else _("No webhook came since then.")
    )
    return redirect(f"{reverse('health', args=[request.team.slug])}#account-{found.pk}")
