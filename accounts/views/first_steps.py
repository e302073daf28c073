"""A team's first steps on the board: put away, shown again, or one of them skipped."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import operations
from accounts.access import TeamRequest, team_view
from accounts.states import Role


@require_POST
@team_view(Role.ADMIN)
def first_steps(request: TeamRequest) -> HttpResponse:
    """`do`: later (invite nobody for now), away, again. Any other changes nothing."""
    match request.POST.get("do"):
        case "later":
            operations.invite_later(team=request.team)
        case "away":
            operations.end_first_steps(team=request.team, now=timezone.now())
            said = _("The first steps are put away. The team’s settings show them again.")
            messages.success(request, said)
        case "again":
            operations.show_first_steps(team=request.team)
        case _other:
            messages.error(request, _("That is none of the buttons. Use those on the board."))
    return redirect("board", team=request.team.slug)
