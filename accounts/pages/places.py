"""Where on the portal a request was sent from."""

from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails


def came_from(request: HttpRequest) -> str:
    """The page's address without its host; "" where it is unknown, or none of ours."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    said = (htmx.current_url if htmx else request.headers.get("Referer")) or ""
    if not url_has_allowed_host_and_scheme(said, {request.get_host()}, request.is_secure()):
        return ""
    _, _, path, query, _ = urlsplit(said)
    place = urlunsplit(("", "", path, query, ""))
    # By itself a path that begins with two slashes is the address of another host.
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(place, None)
    return place if is_ours else ""
