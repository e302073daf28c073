"""Light, dark, or the system's: a cookie, so that the page comes in the right one at once."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.pages.places import came_from

COOKIE = "theme"
THEMES = ("system", "light", "dark")
YEAR = 365 * 24 * 3600  # seconds


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep POST `theme`, and go back to the page that it was chosen on."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponseBadRequest("Choose system, light or dark.")
    response = redirect(came_from(request) or "/")
    response.set_cookie(COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return response
