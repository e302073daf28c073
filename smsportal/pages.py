"""Django's pages under ASGI: a few at a time, and each gives its database connection back."""

import asyncio
import io
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import response_for_exception
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase

from rentals.hooks.body import TooLarge, refuse_early
from rentals.lanes.common import HTML, Answer, Event, Receive
from smsportal.errors import busy, too_large

SPARE: Final = 2  # connections of the pool, for webhooks that are applied in this process
PATIENCE: Final = 30.0  # seconds until somebody who waits is asked to come again


class Pages(ASGIHandler):
    """Begins and ends each request in a thread of its own, whatever comes between.

    * A page holds its database connection until it is made. If all that are asked for were made
      at once, each would take as long as all of them, and whoever came last would find no
      connection left. So they wait here for their turn, which costs nothing; who leaves meanwhile
      has no page made.
    * Django would keep a body of any size on the disk before anybody asks who sends it.
    * Django makes an error's page in any other thread. It reads the database too, for its menu:
      that would be a second connection, which nobody in that thread gives back to the pool.
    * Django gives connections back when it closes the answer, which it doesn't where the answer
      could not be sent: to somebody who has left. Here they are given back in any case.
    """

    def __init__(self) -> None:
        super().__init__()
        self._room = asyncio.Semaphore(max(1, settings.DATABASE_POOL - SPARE))

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().handle(scope, receive, send)
        except TooLarge:
            await refuse_early(self._refusal(scope), receive, send)
        finally:
            await sync_to_async(close_old_connections)()

    async def read_body(self, receive: Any) -> Any:
        return await super().read_body(_bounded(receive))

    def _refusal(self, scope: Any) -> Answer:
        request, unreadable = self.create_request(scope, io.BytesIO())
        page: Any = unreadable if request is None else too_large(request)
        return Answer(page.status_code, page.content, kind=HTML)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._room.acquire()
        except TimeoutError:
            return busy(request)
        try:
            response: HttpResponseBase = await super().run_get_response(request)
            return response
        finally:
            # Before it is sent: a slow reader has no connection, and the next in turn finds one.
            await sync_to_async(close_old_connections)()
            self._room.release()

    async def _get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await super()._get_response_async(request)  # type: ignore[misc]
        except Exception as error:
            shown: Any = sync_to_async(response_for_exception)
            response = await shown(request, error)
        return response


def _bounded(receive: Receive) -> Receive:
    """The same, until what is received is more than Django takes of a form."""
    left = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    async def receive_some() -> Event:
        nonlocal left
        event = await receive()
        left -= len(event.get("body", b""))
        if left < 0:
            raise TooLarge
        return event

    return receive_some
