"""The requests that went to a provider in the last week, and what came of each."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.queries import AccountPage
from accounts.sent_requests import Lines, RequestsForm, lines, of_account
from accounts.states import Role
from accounts.trail.entries import Place
from accounts.views.provider_accounts import find_account


@require_safe
@team_view(Role.ADMIN)
def provider_account_requests(request: TeamRequest, account: int) -> HttpResponse:
    """The filters are in the address, and `before`: a place in the list."""
    found = find_account(request, account)
    form = RequestsForm(request.GET)
    before = Place.read(request.GET.get("before", ""))
    shown = lines(found, form.cleaned_data, before) if form.is_valid() else Lines([])
    context = {
        "page": AccountPage(found, timezone.now()),
        "form": form,
        "lines": shown.lines,
        "older": shown.older,
        "begins": before is None,
        "any": bool(shown.lines) or of_account(found).exists(),
    }
    part = "accounts/requests.html#results" if request.htmx else "accounts/requests.html"
    status = 422 if form.errors and not request.htmx else 200
    response = render(request, part, context, status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response
