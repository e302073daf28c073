"""Django's pages under ASGI, which use one database connection each and give it back."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import response_for_exception
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase


class Pages(ASGIHandler):
    """Begins and ends each request in a thread of its own, whatever comes between.

    * Django makes an error's page in any other thread. It reads the database too, for its menu:
      that would be a second connection, which nobody in that thread gives back to the pool.
    * Django gives connections back when it closes the answer, which it doesn't where the answer
      could not be sent: to somebody who has left. Here they are given back in any case.
    """

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().handle(scope, receive, send)
        finally:
            await sync_to_async(close_old_connections)()

    async def _get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await super()._get_response_async(request)  # type: ignore[misc]
        except Exception as error:
            shown: Any = sync_to_async(response_for_exception)
            response = await shown(request, error)
        return response
