"""Notices that the server is about to stop, early enough to end what would keep it waiting.

The lifespan's shutdown is of no use for that: a server sends it once the last answer is over.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def on_departure(callback: Callable[[], None]) -> Callable[[], None]:
    """Call back in the running loop at SIGTERM or SIGINT, before the server's own handler.

    The handlers that the server set at its start are kept and called as ever. The result undoes
    it. Only the main thread hears of signals: elsewhere nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()
    undo = [_chain(number, lambda: loop.call_soon_threadsafe(callback)) for number in SIGNALS]

    def restore() -> None:
        for one in undo:
            one()

    return restore


def _chain(number: signal.Signals, first: Callable[[], object]) -> Callable[[], None]:
    before = signal.getsignal(number)

    def handle(signum: int, frame: FrameType | None) -> None:
        first()
        if callable(before):
            before(signum, frame)
        elif before is signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    signal.signal(number, handle)

    def restore() -> None:
        if signal.getsignal(number) is handle:
            signal.signal(number, before)

    return restore
