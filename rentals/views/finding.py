"""Finding anything of the team by a few letters."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.views.common import varied
from rentals.finding import find, wanted


@require_safe
@team_view()
def everything(request: TeamRequest) -> HttpResponse:
    """A page that needs no script; htmx gets what is found alone, as a list to choose from."""
    words = wanted(request.GET.get("q", ""))
    found = find(request.membership, words, now=timezone.now())
    page = "finding/options.html" if request.htmx else "finding/page.html"
    return varied(render(request, page, {"found": found}))
