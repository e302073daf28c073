"""The HTTP control: everything that a person, a script or a test can do to the sandbox.

Writes are POSTs with a JSON object, answered with JSON, or with a form of the page at /, answered
by leading back to it. Errors are `{"error": "..."}` with 400, 404 or 409.
"""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import page, views
from sandbox.actions import ACTIONS, Action, NotFound
from sandbox.books.activations import OutOfStock, UnknownActivation, WrongState
from sandbox.books.catalogue import UnknownService
from sandbox.books.numbers import NoNumber
from sandbox.books.wallets import InsufficientFunds, KeyTaken, UnknownWallet
from sandbox.core import Sandbox
from sandbox.fields import Fields
from sandbox.notices import NoWebhookAddress
from sandbox.providers import Provider

_STATUS: dict[type[Exception], int] = {
    NotFound: 404,
    UnknownActivation: 404,
    UnknownService: 404,
    UnknownWallet: 404,
    WrongState: 409,
    KeyTaken: 409,
    OutOfStock: 409,
    NoNumber: 409,
    InsufficientFunds: 409,
    NoWebhookAddress: 409,
    ValueError: 400,  # last, because KeyTaken is one
}

Endpoint = Callable[[Request], Awaitable[Response]]


def routes() -> list[BaseRoute]:
    reads = {
        "/control/state": _state,
        "/control/requests": _requests,
        "/control/deliveries": _deliveries,
        "/control/faults": _faults,
    }
    reads["/control/{provider}/activations/{activation_id}"] = _activation
    return [
        *(Route(path, read, methods=["GET"]) for path, read in reads.items()),
        *(Route(path, _write(action), methods=["POST"]) for path, action in ACTIONS.items()),
    ]


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


async def _state(request: Request) -> Response:
    sandbox = sandbox_of(request)
    sandbox.settle()
    return JSONResponse(views.state(sandbox))


async def _activation(request: Request) -> Response:
    sandbox = sandbox_of(request)
    sandbox.settle()
    fields = Fields(request.path_params)
    try:
        found = sandbox.activations.get(fields.provider(), fields.number("activation_id"))
    except (ValueError, UnknownActivation) as error:
        return _error(_status_of(error), str(error))
    return JSONResponse(views.activation(sandbox, found))


async def _requests(request: Request) -> Response:
    """Newest first, at most `limit` (200), of the `total` that `provider`, `method` and the end
    of `path` select."""
    fields, journal = Fields(request.query_params), sandbox_of(request).journal
    chosen = {name: fields.text(name, "") for name in ("provider", "method", "path")}
    try:
        limit = fields.number("limit", 200)
    except ValueError as error:
        return _error(400, str(error))
    found = journal.requests(**chosen, limit=limit)
    return JSONResponse(
        {"total": journal.count(**chosen), "requests": [views.request(r) for r in found]}
    )


async def _deliveries(request: Request) -> Response:
    found = sandbox_of(request).journal.deliveries()
    return JSONResponse({"deliveries": [views.delivery(d) for d in found]})


async def _faults(request: Request) -> Response:
    on = [views.switch(switch) for switch in sandbox_of(request).switches.all()]
    return JSONResponse({"on": on, "faults": views.fault_kinds()})


def _write(action: Action) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            fields = await _fields(request)
            done = action(sandbox_of(request), fields)
        except tuple(_STATUS) as error:
            if await _is_form(request):
                sandbox, status = sandbox_of(request), _status_of(error)
                return page.render(sandbox, error=str(error), status=status)
            return _error(_status_of(error), str(error))
        if await _is_form(request):
            return RedirectResponse(_back(request), status_code=303)
        return JSONResponse(done)

    return endpoint


async def _fields(request: Request) -> Fields:
    if await _is_form(request):
        form = await request.form()
        return Fields({**form, **request.path_params})
    try:
        values = json.loads(await request.body() or b"{}", parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ValueError("The body must be JSON.") from error
    if not isinstance(values, dict):
        raise ValueError("The body must be a JSON object.")
    return Fields({**values, **request.path_params})


def _back(request: Request) -> str:
    """The page's part that the form stands in."""
    part = request.url.path.removeprefix("/control/").split("/")[0]
    return f"/#{'activations' if part in tuple(Provider) else part}"


async def _is_form(request: Request) -> bool:
    """curl calls whatever it sends a form, so an object is JSON whatever it is called."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        return False
    return not (await request.body()).lstrip().startswith(b"{")


def _status_of(error: Exception) -> int:
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status)
