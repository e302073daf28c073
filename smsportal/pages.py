"""Django's pages under ASGI, which use one database connection each and give it back."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponseBase


class Pages(ASGIHandler):
    """Makes an error's page in the request's own thread.

    Django takes any other one for it. An error's page reads the database too, for its menu: that
    would be a second connection, which nobody gives back to the pool in that thread.
    """

    async def _get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await super()._get_response_async(request)  # type: ignore[misc]
        except Exception as error:
            shown: Any = sync_to_async(response_for_exception)
            response = await shown(request, error)
        return response
