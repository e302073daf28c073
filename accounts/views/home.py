"""Where everybody lands."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import LAST_TEAM
from accounts.models import Team


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The board of the user's only or last team; else a choice of teams, or a word that says so."""
    teams = list(Team.objects.filter(memberships__user=request.user.pk).order_by("name", "pk"))
    last = [team for team in teams if team.slug == request.session.get(LAST_TEAM)]
    for team in last or teams[: len(teams) == 1]:
        return redirect("board", team=team.slug)
    return render(request, "accounts/home.html", {"choices": teams})
