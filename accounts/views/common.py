"""What the views of all applications share."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers

from accounts.pages.places import came_from


def sent(request: HttpRequest) -> QueryDict | None:
    """The form that was sent, however empty; None where the page was only asked for."""
    return request.POST if request.method == "POST" else None


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page that the form was sent from, else to `otherwise`."""
    return redirect(came_from(request) or otherwise)


def varied(response: HttpResponse) -> HttpResponse:
    """The address answers htmx with a part of the page: no cache may mix the two up."""
    patch_vary_headers(response, ("HX-Request",))
    return response


def toast(text: object, *, bad: bool = False) -> dict[str, Any]:
    """The parameters of the event with which a page shows a toast."""
    return {"text": str(text), "bad": bad}


def paged(request: HttpRequest, rows: Any, size: int) -> dict[str, Any]:
    """The `page` that the address asks for, else the first or the last, and the `pages` to name."""
    page = Paginator(rows, size).get_page(request.GET.get("page"))
    pages = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {"page": page, "pages": pages}
