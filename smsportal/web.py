"""The web process: uvicorn on a socket that the supervisor holds, or on one of its own.

`python -m smsportal.web FD|HOST:PORT [APPLICATION]`

What uvicorn's own command does otherwise, and why not here:

* It takes an inherited socket for a Unix one, so that answers wait for the other side's
  acknowledgement (Nagle's algorithm, which is off for TCP else): 40 ms for every second webhook.
* Its event loop accepts one connection a turn. A provider that sends 500 webhooks at once then
  waits seconds for the last of them.
* Asked to stop, it closes connections that it has accepted and not yet read from. Here they are
  answered; those not accepted yet wait for the next process, or on a socket of our own are
  accepted and answered too.
* A request that came before the last answer was out begins in that one's context. Django then
  takes the other's thread for it, which ends too early, and a database connection with it.
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

import uvicorn

BACKLOG: Final = 2048  # connections that wait to be accepted
AT_ONCE: Final = 64  # connections that are accepted in a turn of the event loop
LAST_WORDS: Final = 0.2  # seconds in which what was accepted before we stop may be read
GRACE: Final = 3  # seconds for answers that are under way
# Threads (pages, nudges) hand over to the event loop when it has work after so many seconds,
# not after Python's 5 ms: a webhook's answer or an event passes through it several times.
SWITCH: Final = 0.0005


class Door:
    """Accepts connections on a listening socket, and looks to uvicorn like a server of asyncio."""

    def __init__(
        self, listener: socket.socket, protocol: Callable[[], asyncio.Protocol], *, is_ours: bool
    ) -> None:
        self.sockets = (listener,)
        self._protocol = protocol
        self._is_ours = is_ours
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[Any]] = set()
        listener.setblocking(False)
        self._loop.add_reader(listener.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more. Who comes later is refused by a socket of ours; others stay open."""
        listener = self.sockets[0]
        if listener.fileno() < 0:
            return  # closed before
        self._loop.remove_reader(listener.fileno())
        if self._is_ours:
            while self._accept():
                pass
            listener.close()

    async def wait_closed(self) -> None:
        if self._opening:
            await asyncio.wait(self._opening)

    def _accept(self) -> bool:
        """Whether there may be more."""
        for _ in range(AT_ONCE):
            try:
                connection, _ = self.sockets[0].accept()
            except OSError:  # none left, or no file descriptor for it: it waits
                return False
            self._open(connection)
        return True

    def _open(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opening = self._loop.create_task(
            self._loop.connect_accepted_socket(self._protocol, connection)
        )
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)


class Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, listener: socket.socket, *, is_ours: bool = False
    ) -> None:
        super().__init__(config)
        self.listener = listener
        self._is_ours = is_ours

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        if not self.should_exit:
            door = Door(self.listener, self._new_protocol, is_ours=self._is_ours)
            self.servers.append(door)  # type: ignore[arg-type]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_WORDS)
        await super().shutdown(sockets)

    def _new_protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def serve(where: str, application: str = "smsportal.asgi:application") -> None:
    """Serve until SIGTERM or SIGINT. No access log: addresses hold webhook tokens.

    `where` is the number of a listening socket that we inherited, or HOST:PORT.
    """
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        reset_contextvars=True,
        proxy_headers=False,  # as TRUSTED_PROXIES says: accounts/pages/addresses.py
        timeout_graceful_shutdown=GRACE,
    )
    sys.setswitchinterval(SWITCH)
    server = Server(config, _listener(where), is_ours=":" in where)
    server.run()
    if not server.started:
        sys.exit(3)


def _listener(where: str) -> socket.socket:
    host, colon, port = where.rpartition(":")
    if not colon:
        return socket.socket(fileno=int(where))
    return socket.create_server((host, int(port)), backlog=BACKLOG)


if __name__ == "__main__":
    serve(*sys.argv[1:])
