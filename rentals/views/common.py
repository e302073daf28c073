"""What the views share."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.access import TeamRequest
from rentals.models import Rental
from rentals.queries import shown
from rentals.visibility import visible_rentals


def visible_or_404(request: TeamRequest, rental: int) -> Rental:
    """A rental that is there for whoever asks; any other is as good as none."""
    found = shown(visible_rentals(request.membership)).filter(pk=rental).first()
    if found is None:
        raise Http404("There is no such rental among those that you may see.")
    return found


def back(request: TeamRequest) -> HttpResponse:
    """To the page that the form was sent from, else to the board."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure())
    return redirect(came_from if ours else reverse("board", args=[request.team.slug]))


def varied(response: HttpResponse) -> HttpResponse:
    """The address answers htmx with a part of the page: no cache may mix the two up."""
    patch_vary_headers(response, ("HX-Request",))
    return response


def toast(text: object, *, bad: bool = False) -> dict[str, Any]:
    """The parameters of the event with which a page shows a toast."""
    return {"text": str(text), "bad": bad}
