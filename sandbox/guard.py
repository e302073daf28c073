"""Keeps other sites' pages from working the control through a visitor's browser."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_OURS = (b"", b"same-origin", b"none")
_REFUSED = PlainTextResponse("This form is not the sandbox's own.", 403)


class SameSiteWrites:
    """403 for a write that a browser says another site started; scripts say nothing and pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app if _allowed(scope) else _REFUSED
        await app(scope, receive, send)


def _allowed(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
        return True
    return dict(scope["headers"]).get(b"sec-fetch-site", b"") in _OURS
