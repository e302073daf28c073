"""The whole sandbox as one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from sandbox import control, page
from sandbox.clock import Clock
from sandbox.core import Sandbox
from sandbox.courier import tell_if_failed
from sandbox.desk import Desk, provider_of
from sandbox.guard import SameSiteWrites
from sandbox.settings import Settings


class App:
    """The providers' paths go to the desk, everything else to the control and the page."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._desk = Desk(sandbox)
        self._rest = Starlette(
            routes=[*control.routes(), *page.routes()],
            middleware=[Middleware(SameSiteWrites)],
            lifespan=self._lifespan,
        )
        self._rest.state.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and provider_of(scope["path"]):
            await self._desk(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        courier = asyncio.create_task(self.sandbox.courier.run())
        courier.add_done_callback(tell_if_failed)
        try:
            yield
        finally:
            courier.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await courier


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> App:
    """The application for any ASGI server; `sandbox.server.make_server` runs it with every fault.

    Its `sandbox` attribute gives access to the books. Raises `UnreadableState`.
    """
    return App(Sandbox(settings or Settings(), clock))
