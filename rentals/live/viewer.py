"""One open stream: what is still to be told, and the telling."""

import asyncio
from typing import Final

from rentals.lanes.common import Send
from rentals.live.admission import Permit

MOST_IDS: Final = 100  # that may wait for a slow reader; beyond, it reads everything again
WALLETS: Final = b"event: wallets\ndata:\n\n"
ALERTS: Final = b"event: alerts\ndata:\n\n"
SYNC: Final = b"event: sync\ndata:\n\n"
BEAT: Final = b": \n\n"


class Viewer:
    """A stream is idle nearly always, and then costs no task, timer or buffer of its own.

    It is written by whoever has news for it. Only while its reader is too slow does a task wait
    for it, and what comes meanwhile is put together: an id once, many ids as one `sync`.
    """

    __slots__ = (
        "_alerts",
        "_beat",
        "_closed",
        "_ended",
        "_everything",
        "_ids",
        "_opened",
        "_send",
        "_wallets",
        "_writer",
        "doubts",
        "permit",
    )

    def __init__(self, permit: Permit, send: Send) -> None:
        self.permit = permit
        self.doubts = 0  # revocations not yet looked into: meanwhile it is told nothing
        self._send = send
        self._opened = False
        self._ids: dict[int, None] | None = None
        self._wallets = False
        self._alerts = False
        self._everything = False
        self._beat = False
        self._ended = False
        self._closed = False
        self._writer: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start writing, now that the head of the answer is out."""
        self._opened = True
        self.tell_everything()

    def tell(self, rental_id: int) -> None:
        """A rental changed."""
        if self._everything:
            return
        if self._ids is None:
            self._ids = {}
        self._ids[rental_id] = None
        if len(self._ids) > MOST_IDS:
            self.tell_everything()
        else:
            self._write()

    def tell_wallets(self) -> None:
        """A balance was read."""
        self._wallets = True
        self._write()

    def tell_alerts(self) -> None:
        """An alert was opened, taken on or closed, perhaps one that is not theirs to see."""
        self._alerts = True
        self._write()

    def tell_everything(self) -> None:
        """Something may have been missed."""
        self._everything = True
        self._ids = None
        self._write()

    def beat(self) -> None:
        """Keep the connection from looking dead to whatever is between."""
        self._beat = True
        self._write()

    def doubt(self) -> None:
        """Tell nothing more before it is known whether it may be told."""
        self.doubts += 1

    def trust(self, permit: Permit) -> None:
        """Go on, with everything that may have changed."""
        self.permit = permit
        self.doubts = 0
        self.tell_everything()

    def end(self) -> None:
        """Close the stream, which is a whole answer then; it is told nothing more."""
        self._ended = True
        self._write()

    def _write(self) -> None:
        ready = self._opened and self._writer is None and not self._closed
        if ready and (self._ended or self._has_news()):
            task = asyncio.Task(
                self._write_all(), loop=asyncio.get_running_loop(), eager_start=True
            )
            if not task.done():
                self._writer = task

    def _has_news(self) -> bool:
        signs = self._everything or self._wallets or self._alerts
        news = signs or self._ids is not None
        return self._beat or (news and not self.doubts)

    async def _write_all(self) -> None:
        try:
            while not self._ended and self._has_news():
                body = self._take()
                await self._send({"type": "http.response.body", "body": body, "more_body": True})
            if self._ended:
                self._closed = True
                await self._send({"type": "http.response.body", "body": b""})
        except Exception:
            self._closed = True
        finally:
            self._writer = None

    def _take(self) -> bytes:
        self._beat = False
        if self.doubts:
            return BEAT
        ids, everything = self._ids, self._everything
        signs = (WALLETS if self._wallets else b"") + (ALERTS if self._alerts else b"")
        self._ids, self._everything = None, False
        self._wallets = self._alerts = False
        if everything:
            return SYNC
        told = b"".join(b"event: rental\ndata: %d\n\n" % pk for pk in ids or ())
        return told + signs or BEAT
