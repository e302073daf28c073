"""Pages for what went wrong, in people's words."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

AGAIN = 5  # seconds after which asking again makes sense


def server_error(request: HttpRequest) -> HttpResponse:
    """Our own mistake is a 500; a database that does not answer is a 503, to be asked again."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(
            render_to_string("503.html"), status=503, headers={"Retry-After": str(AGAIN)}
        )
    return HttpResponse(render_to_string("500.html"), status=500)
