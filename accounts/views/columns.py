"""The columns of a list, as one person wants them."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.operations.columns import choose_columns
from accounts.pages.columns import listing
from accounts.pages.places import came_from


@require_POST
@team_view()
def columns_choose(request: TeamRequest) -> HttpResponse:
    """Show the columns `shown` of the list `list`, and go back to it as it was filtered."""
    found = listing(request.POST.get("list", ""))
    if found is None or not found.is_open_to(request.membership):
        raise Http404("There is no such list.")
    shown = request.POST.getlist("shown")
    choose_columns(membership=request.membership, listing=found, shown=shown)
    return redirect(f"{came_from(request) or reverse('home')}#columns")
