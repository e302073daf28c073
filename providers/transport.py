"""Send a call over HTTP once. Never repeats it, never follows a redirect, keeps no cookies.

Sending twice may spend twice: whether to ask again is for the caller to decide, from the error
that the call's own reader makes of the reply.
"""

import asyncio
import http.cookiejar
import re
import ssl
from functools import lru_cache
from types import TracebackType
from typing import Final, Self

import httpx

from providers.attempt import Bounds, attempt
from providers.calls import Call, Delivered, Effect, Reply
from providers.errors import BadKey

USER_AGENT: Final = "smsportal/1.0"
CONNECT_SECONDS: Final = 5.0
# Total seconds from opening the connection to the last byte, by the call's name, then its effect.
SECONDS_BY_NAME: Final = {"poll": 4.0}
SECONDS_BY_EFFECT: Final = {Effect.READ: 10.0, Effect.REPEATABLE: 15.0, Effect.ONCE: 30.0}
MAX_BYTES: Final = 1024 * 1024
MAX_BYTES_BY_NAME: Final = {"services": 4 * 1024 * 1024}

_KEY: Final = re.compile(r"[!-~]{1,512}")


def check_key(key: str) -> None:
    """Raise BadKey where no HTTP header can carry the key, as when a line break was pasted."""
    if not _KEY.fullmatch(key):
        raise BadKey("A key is 1 to 512 plain letters, digits and signs, without any blanks.")


def send[T](
    call: Call[T],
    *,
    base_url: str,
    key: str,
    seconds: float | None = None,
    connect_seconds: float = CONNECT_SECONDS,
    max_bytes: int | None = None,
) -> Reply:
    """Send a call on a connection of its own and wait for the reply.

    `seconds` bounds the whole of it, `max_bytes` the body, before and after decompression; both
    default to what suits the call. Raises BadKey for a key that cannot be sent, and RuntimeError
    inside an event loop, which it would block; nothing else.
    """
    check_key(key)
    _check_may_block()
    bounds = bounds_for(call, seconds, connect_seconds, max_bytes)
    # Not asyncio.run: that waits for a name lookup that hangs, far beyond the deadline.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_send_alone(call, base_url, key, bounds))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class AsyncTransport:
    """Sends calls concurrently over shared connections; a rent still gets one of its own.

    async with AsyncTransport() as wire:
        reply = await wire.send(call, base_url=..., key=...)
    """

    def __init__(self, *, max_connections: int = 50) -> None:
        self._client = _client(max_connections)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send[T](
        self,
        call: Call[T],
        *,
        base_url: str,
        key: str,
        seconds: float | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        max_bytes: int | None = None,
    ) -> Reply:
        """Send a call; the same bounds, replies and errors as the blocking `send`."""
        check_key(key)
        bounds = bounds_for(call, seconds, connect_seconds, max_bytes)
        if call.effect is Effect.ONCE:
            # A kept connection that the other side is just closing would manufacture a doubt.
            return await _send_alone(call, base_url, key, bounds)
        return await _send_with(self._client, call, base_url, key, bounds)


def bounds_for[T](
    call: Call[T],
    seconds: float | None = None,
    connect_seconds: float = CONNECT_SECONDS,
    max_bytes: int | None = None,
) -> Bounds:
    """Give the bounds within which a call is sent: those given, else what suits the call."""
    if seconds is None:
        seconds = SECONDS_BY_NAME.get(call.name, SECONDS_BY_EFFECT[call.effect])
    if max_bytes is None:
        max_bytes = MAX_BYTES_BY_NAME.get(call.name, MAX_BYTES)
    return Bounds(seconds, min(connect_seconds, seconds), max_bytes)


def _check_may_block() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("send() blocks: inside an event loop use AsyncTransport.")


async def _send_alone[T](call: Call[T], base_url: str, key: str, bounds: Bounds) -> Reply:
    async with _client(max_connections=1) as client:
        return await _send_with(client, call, base_url, key, bounds)


async def _send_with[T](
    client: httpx.AsyncClient, call: Call[T], base_url: str, key: str, bounds: Bounds
) -> Reply:
    try:
        request = _request(client, call, base_url, key, bounds)
    except (httpx.InvalidURL, ValueError):
        return Reply(Delivered.NEVER_SENT, problem="The provider’s address is not valid.")
    return await attempt(client, request, bounds)


def _request[T](
    client: httpx.AsyncClient, call: Call[T], base_url: str, key: str, bounds: Bounds
) -> httpx.Request:
    url = httpx.URL(base_url.rstrip("/") + call.path)
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise ValueError("not an address to send a key to")
    return client.build_request(
        call.method,
        url,
        params=dict(call.query) or None,
        json=None if call.json is None else dict(call.json),
        headers={"Authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(
            bounds.seconds, connect=bounds.connect_seconds, pool=bounds.connect_seconds
        ),
    )


def _client(max_connections: int) -> httpx.AsyncClient:
    # One client serves many keys: a cookie would carry one wallet's session to another's.
    no_cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        headers={
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        },
        cookies=no_cookies,
        verify=_tls(),
        trust_env=False,
        follow_redirects=False,
        limits=httpx.Limits(max_connections=max_connections),
    )


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
