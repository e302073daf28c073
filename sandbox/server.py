"""uvicorn, with a protocol that lets the application close a connection half way."""

import asyncio
import logging
import socket
from typing import cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PortTaken(Exception):
    """The address can't be listened on; the text says why."""


class CuttableProtocol(HttpToolsProtocol):
    """Puts the connection's transport into the scope's state."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.app_state = {**self.app_state, "transport": transport}


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except (OSError, OverflowError) as error:
        listener.close()
        raise PortTaken(f"Cannot listen on {host}:{port}: {error}.") from error
    return listener


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Stops within a second, whatever answers it still owes. Logs nothing but its own errors."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=CuttableProtocol,
            lifespan="on",
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
    )
