"""Where on the portal a request was sent from."""

from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails


def came_from(request: HttpRequest) -> str:
    """The page's address without its host; "" where it is unknown, or none of ours."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if htmx:
        try:
            return htmx.current_url_abs_path or ""
        except ValueError:  # no address at all
            return ""
    referrer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referrer, {request.get_host()}, request.is_secure()):
        return ""
    _, _, path, query, _ = urlsplit(referrer)
    is_ours = path.startswith("/") and not path.startswith("//")
    return urlunsplit(("", "", path, query, "")) if is_ours else ""
