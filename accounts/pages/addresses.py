"""From which address the request comes that is being served."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

_serving: ContextVar[str | None] = ContextVar("client_address", default=None)


def current_address() -> str | None:
    """None where no request is served: in a worker, and at the command line."""
    return _serving.get()


@contextmanager
def serving(request: HttpRequest) -> Iterator[None]:
    """Whatever is done inside is done for this request."""
    token = _serving.set(client_address(request))
    try:
        yield
    finally:
        _serving.reset(token)


def client_address(request: HttpRequest) -> str | None:
    """Who asks, as the outermost of our own proxies saw it.

    A client writes what it likes into X-Forwarded-For, so only as many entries count, from the
    right, as there are proxies of ours (TRUSTED_PROXIES); with none, only the connection does.
    """
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    said = request.headers.get("X-Forwarded-For", "").split(",")
    known = said[-proxies] if 0 < proxies <= len(said) else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(known.strip()))
    except ValueError:
        return None
