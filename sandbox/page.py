"""The page at /: the state and a plain form for everything that the control can do."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox import views
from sandbox.core import Sandbox
from sandbox.faults import BODIES, ENDPOINTS, NUMBERS, READINGS
from sandbox.providers import Provider

_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[BaseRoute]:
    return [
        Route("/", _page, methods=["GET"]),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]


def render(
    sandbox: Sandbox, *, error: str = "", status: int = 200, watching: bool = False
) -> Response:
    """The whole page; `error` says above it what was not done."""
    html = _templates.get_template("page.html").render(
        state=views.state(sandbox),
        kinds=views.fault_kinds(),
        labels={provider.value: provider.label for provider in Provider},
        choices={
            "endpoint": ENDPOINTS,
            "body": tuple(BODIES),
            "number": NUMBERS,
            "reading": READINGS,
        },
        error=error,
        watching=watching,
    )
    return HTMLResponse(html, status_code=status, headers=_HEADERS)


async def _page(request: Request) -> Response:
    sandbox: Sandbox = request.app.state.sandbox
    sandbox.settle()
    return render(sandbox, watching="watch" in request.query_params)


def _clock(moment: str) -> str:
    """The time of day of an ISO 8601 moment, to the second."""
    return moment[11:19]


_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["clock"] = _clock
