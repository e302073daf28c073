"""From when on a team is told."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from accounts.views.common import sent
from alerts.forms import LimitsForm
from alerts.operations.limits import change_limits, limits_of
from rentals.queries import accounts_in_use


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def alert_limits(request: TeamRequest) -> HttpResponse:
    accounts = list(accounts_in_use(request.team))
    form = LimitsForm(sent(request), accounts=accounts, limits=limits_of(request.team))
    if form.is_valid():
        change_limits(team=request.team, limits=form.limits, actor=request.user)
        messages.success(request, _("The limits are kept."))
        return redirect("alert_limits", team=request.team.slug)
    status = 422 if form.errors else 200
    return render(request, "alerts/limits.html", {"form": form}, status=status)
