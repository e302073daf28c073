"""Pages are sent compressed; the files that a list is taken home as are sent as they are."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompression(GZipMiddleware):
    """gzip for whoever takes it, of HTML alone.

    Django's own pads each page by a random length, so that its size tells nothing of what is in
    it; a proxy's compression would tell, and leaves alone what is compressed already.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
