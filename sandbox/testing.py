"""A sandbox on a free port inside a test's own process."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.core import Sandbox
from sandbox.server import address_of, listen, make_server
from sandbox.settings import Settings

_PATIENCE = 10.0


def renew(sandbox: Sandbox) -> None:
    """Makes a running sandbox as good as a new one, once the last webhook is through.

    Much quicker than another one. It has new keys; only ids go on counting.
    """
    deadline, pause = time.monotonic() + _PATIENCE, threading.Event()
    while not sandbox.courier.is_idle:
        if time.monotonic() > deadline:
            raise TimeoutError("A webhook is still being posted.")
        pause.wait(0.005)
    sandbox.reset(wallets=True)


@contextmanager
def running(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[Sandbox]:
    """Runs a sandbox over real HTTP until the block ends; `around` may wrap the application.

    Without settings it is in memory and sends no code by itself. Gives the `Sandbox`, with `url`,
    `smsgig_url` and `smsvilla_url` set; its methods may be called from the test's thread.
    """
    app = create_app(settings or Settings(auto_code=None), clock=clock)
    listener = listen("127.0.0.1", 0)
    app.sandbox.url = address_of(listener)
    server = make_server(around(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield app.sandbox
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
        listener.close()
        app.sandbox.close()
