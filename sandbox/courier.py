"""The background task that lets due things happen and posts webhooks."""

import asyncio
import contextlib
import logging
import secrets
import ssl
import time
from functools import cache
from typing import TYPE_CHECKING

import httpx

from sandbox import smsgig, smsvilla
from sandbox.books.records import Wallet
from sandbox.outbox import Parcel
from sandbox.providers import Provider

if TYPE_CHECKING:
    from sandbox.core import Sandbox

_LONGEST_NAP = 0.25
_log = logging.getLogger(__name__)


class Courier:
    """Posts each webhook once, at once, and waits for its 200 no longer than the time-out."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._client: httpx.AsyncClient | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look at once for what is due; from any thread, and without effect when not running."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have been closed just now
                loop.call_soon_threadsafe(self._woken.set)

    @property
    def is_idle(self) -> bool:
        """Nothing is being posted at this moment."""
        return not self._under_way

    async def run(self) -> None:
        """Until cancelled."""
        self._loop = asyncio.get_running_loop()
        async with httpx.AsyncClient(verify=_trust(), trust_env=False) as self._client:
            try:
                while True:
                    self._woken.clear()
                    self._sandbox.settle()
                    self._start_due()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), self._nap())
            finally:
                self._loop = None
                for task in self._under_way:
                    task.cancel()

    async def deliver_due(self) -> None:
        """Posts what is due now and waits for the answers."""
        await asyncio.gather(*(self._deliver(p) for p in self._sandbox.outbox.take_due()))

    def _start_due(self) -> None:
        for parcel in self._sandbox.outbox.take_due():
            task = asyncio.create_task(self._deliver(parcel))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            task.add_done_callback(tell_if_failed)

    def _nap(self) -> float:
        """Seconds until something is due; short, because the clock can be pushed forward."""
        due = self._sandbox.next_due()
        if due is None:
            return _LONGEST_NAP
        return min(_LONGEST_NAP, max(0.001, (due - self._sandbox.clock.now_ms()) / 1000))

    async def _deliver(self, parcel: Parcel) -> None:
        sandbox, started = self._sandbox, time.monotonic()
        wallet = sandbox.wallets.get(parcel.wallet_id)
        status, note = await self._post(wallet, parcel)
        sandbox.journal.delivered(
            wallet_id=wallet.id,
            provider=parcel.provider,
            activation_id=parcel.activation_id,
            message_id=parcel.message_id,
            forged=parcel.forged,
            status=status,
            ms=int((time.monotonic() - started) * 1000),
            note=note,
        )
        if status != 200 and parcel.attempt <= sandbox.settings.webhook_retries:
            delay = sandbox.settings.webhook_retry_delay
            sandbox.outbox.put_back(parcel, delay_ms=int(delay * 1000))
        if not parcel.forged:
            sandbox.outbox.release(wallet.id)
        self._woken.set()

    async def _post(self, wallet: Wallet, parcel: Parcel) -> tuple[int | None, str]:
        """The status, None where no answer came, and what was wrong."""
        if self._client is None or not wallet.webhook_url:
            return None, "no webhook address"
        body, headers = self._write(wallet, parcel)
        headers = {"Content-Type": "application/json"} | headers
        timeout = self._sandbox.settings.webhook_timeout
        try:
            async with asyncio.timeout(timeout):
                reply = await self._client.post(
                    wallet.webhook_url, content=body, headers=headers, timeout=timeout
                )
        except (TimeoutError, httpx.TimeoutException):
            return None, f"no answer within {timeout:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, type(error).__name__
        return reply.status_code, _complaint(parcel, reply)

    def _write(self, wallet: Wallet, parcel: Parcel) -> tuple[bytes, dict[str, str]]:
        if parcel.provider is Provider.SMSVILLA:
            return smsvilla.webhook(parcel)
        key = secrets.token_hex(20) if parcel.forged else self._sandbox.key(wallet.id)
        return smsgig.webhook(parcel, key)


def tell_if_failed(task: asyncio.Task[None]) -> None:
    """A background task's defect must not go unseen."""
    if not task.cancelled() and task.exception() is not None:
        _log.error("A background task has failed.", exc_info=task.exception())


@cache
def _trust() -> ssl.SSLContext:
    """Reading the certificates takes a tenth of a second, so it is done once for a process."""
    return httpx.create_ssl_context(trust_env=False)


def _complaint(parcel: Parcel, reply: httpx.Response) -> str:
    if reply.status_code != 200:
        return "not acknowledged"
    if parcel.provider is Provider.SMSVILLA and reply.content.replace(b" ", b"") != (
        b'{"status":"ok"}'
    ):
        return 'the body is not {"status": "ok"}'
    return ""
