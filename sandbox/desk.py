"""The counter where both providers' requests come in: key, limits, faults, answer."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import format_datetime
from functools import partial
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope, Send

from sandbox import smsgig, smsvilla
from sandbox.books.records import Wallet
from sandbox.clock import as_datetime
from sandbox.core import Sandbox
from sandbox.faults import AnswerFault, Proceed
from sandbox.providers import Provider
from sandbox.switches import name_of
from sandbox.wire import Answer, Call, Handler, Refusal, refusal

_ENDPOINTS = {Provider.SMSGIG: smsgig.ENDPOINTS, Provider.SMSVILLA: smsvilla.ENDPOINTS}
_REFUSALS = {Provider.SMSGIG: smsgig.REFUSALS, Provider.SMSVILLA: smsvilla.REFUSALS}
_LARGEST_BODY = 64 * 1024


def provider_of(path: str) -> Provider | None:
    """Whose path this is, None where it is neither provider's."""
    return next((p for p in Provider if path.startswith(f"{p.base_path}/")), None)


class Desk:
    """A raw ASGI application, so that it can also answer badly: half, slowly or not at all."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        provider = provider_of(scope["path"])
        if provider is None:
            raise ValueError(f"{scope['path']} belongs to no provider.")
        body = await _read(receive)
        self._sandbox.settle()
        key = _bearer(scope)
        wallet = self._sandbox.wallets.opened_by(provider, key) if key else None
        request_id = self._sandbox.journal.begin(
            provider=provider, wallet=wallet, method=scope["method"], path=scope["path"], key=key
        )
        notes: list[str] = []
        reply = await self._reply(provider, scope, body, wallet, request_id, notes)
        self._sandbox.journal.end(
            request_id,
            status=None if reply.silent or reply.cut == "all" else reply.status,
            ms=int((time.monotonic() - started) * 1000),
            note=", ".join(notes),
        )
        await _deliver(self._dated(reply), scope, receive, send)

    def _dated(self, reply: Answer) -> Answer:
        """With a Date of the sandbox's own clock, by which its expiry times are too."""
        date = format_datetime(as_datetime(self._sandbox.clock.now_ms()), usegmt=True)
        return replace(reply, headers=(*reply.headers, ("Date", date)))

    async def _reply(
        self,
        provider: Provider,
        scope: Scope,
        body: bytes,
        wallet: Wallet | None,
        request_id: int,
        notes: list[str],
    ) -> Answer:
        try:
            if wallet is None:
                raise Refusal(401, "Invalid or missing API key")
            wait = self._sandbox.limits.admit(wallet, request_id)
            if wait:
                return refusal(429, "Rate limit exceeded", (("Retry-After", str(wait)),))
            endpoint, handler = _endpoint(provider, scope["method"], scope["path"])
            call = Call(
                sandbox=self._sandbox,
                provider=provider,
                endpoint=endpoint,
                wallet=wallet,
                fields=_fields(scope, body),
                notes=notes,
            )
            return await self._through_faults(call, handler)
        except Refusal as refused:
            return refusal(refused.status, refused.message)

    async def _through_faults(self, call: Call, handler: Handler) -> Answer:
        faults = self._sandbox.switches.take(AnswerFault, call.wallet, endpoint=call.endpoint)
        call.notes.extend(name_of(fault) for fault in faults)
        proceed: Proceed = partial(_handle, call, handler)
        for fault in reversed(faults):
            proceed = partial(fault.around, call, proceed)
        return await proceed()


async def _handle(call: Call, handler: Handler) -> Answer:
    try:
        return handler(call)
    except Refusal as refused:
        return refusal(refused.status, refused.message)
    except tuple(_REFUSALS[call.provider]) as error:
        return refusal(_REFUSALS[call.provider][type(error)], str(error))


def _endpoint(provider: Provider, method: str, path: str) -> tuple[str, Handler]:
    endpoints = _ENDPOINTS[provider]
    tail = path.removeprefix(provider.base_path)
    if (method, tail) in endpoints:
        return endpoints[method, tail]
    if any(tail == known for _, known in endpoints):
        raise Refusal(405, f"The {method} method is not supported here.")
    raise Refusal(404, "Not found.")


def _bearer(scope: Scope) -> str:
    value = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    scheme, _, key = value.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _fields(scope: Scope, body: bytes) -> Mapping[str, object]:
    if len(body) > _LARGEST_BODY:
        raise Refusal(400, "The request body is too large.")
    if scope["method"] == "GET":
        return dict(parse_qsl(scope["query_string"].decode("latin-1")))
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "The request body must be JSON.") from error
    if not isinstance(fields, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return fields


async def _read(receive: Receive) -> bytes:
    """The body, of a too large one no more than what shows that it is."""
    body, more = b"", True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        if len(body) <= _LARGEST_BODY:
            body += message.get("body", b"")
    return body


async def _deliver(reply: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    if reply.silent:
        await _until_gone(receive)
    elif reply.cut == "all":
        await _hang_up(scope, receive)
    elif reply.cut == "half":
        await send(_start(reply))
        await send(_part(reply.body[: len(reply.body) // 2], more=True))
        await _hang_up(scope, receive)
    elif reply.pause_ms:
        await _trickle(reply, send)
    else:
        await send(_start(reply))
        await send(_part(reply.body, more=False))


async def _trickle(reply: Answer, send: Send) -> None:
    await send(_start(reply))
    for position in range(len(reply.body)):
        await send(_part(reply.body[position : position + 1], more=True))
        await asyncio.sleep(reply.pause_ms / 1000)
    await send(_part(b"", more=False))


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Closes the TCP connection; `sandbox.server` puts its transport into the scope."""
    scope["state"]["transport"].close()
    await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(reply: Answer) -> Message:
    headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body)))]
    return {
        "type": "http.response.start",
        "status": reply.status,
        "headers": [
            (name.lower().encode(), value.encode()) for name, value in (*headers, *reply.headers)
        ],
    }


def _part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
