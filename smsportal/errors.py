"""Pages for what went wrong, in people's words."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request, override
from django.views import defaults

AGAIN = 5  # seconds after which asking again makes sense


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A 400."""
    return defaults.bad_request(_unread(request), exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A 403."""
    return defaults.permission_denied(_unread(request), exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A 404."""
    return defaults.page_not_found(_unread(request), exception)


def _unread(request: HttpRequest) -> HttpRequest:
    """Django looks for a CSRF token in the body before it shows an error's page: of one that can't
    be read, that would be an error of its own. No such page does anything that needs one."""
    request.csrf_processing_done = True  # type: ignore[attr-defined]
    return request


def server_error(request: HttpRequest) -> HttpResponse:
    """Our own mistake is a 500; a database that does not answer is a 503, to be asked again."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _unavailable()
    return HttpResponse(render_to_string("500.html"), status=500)


def busy(request: HttpRequest) -> HttpResponse:
    """A 503 of who waited for a turn: in their browser's language, as nobody has read theirs."""
    with override(get_language_from_request(request)):
        return _unavailable(is_busy=True)


def too_large(request: HttpRequest) -> HttpResponse:
    """A 413 of who sent more than any form takes."""
    with override(get_language_from_request(request)):
        return HttpResponse(render_to_string("413.html"), status=413)


def _unavailable(*, is_busy: bool = False) -> HttpResponse:
    page = render_to_string("503.html", {"is_busy": is_busy})
    return HttpResponse(page, status=503, headers={"Retry-After": str(AGAIN)})
