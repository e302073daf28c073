"""Takes a webhook: its checks in order, one commit, and only then the answer.

200 says that it is on disk. 503 says that it is not (or not for sure), so that a provider that
tries again may do so; polling brings the code otherwise.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.utils import timezone

from providers.webhooks import Malformed
from rentals.hooks.aftermath import Aftermath
from rentals.hooks.body import Gone, TooLarge, read_body, refuse_early
from rentals.hooks.doors import Door, Doors, NoKeys
from rentals.hooks.inbox import AccountGone, Entry, Inbox
from rentals.lanes.common import Answer, QuietLog, Receive, Send, refusal, where
from rentals.lanes.link import Link

PATIENCE: Final = 4.0  # seconds from the body to the answer; SMSGig's document allows five
ADDRESS: Final = re.compile(r"/hooks/([a-z0-9_-]{1,20})/([A-Za-z0-9_-]{1,128})")

NOT_POST = refusal(405, "Webhooks are sent with POST.", allow="POST")
NO_SUCH_ADDRESS = refusal(404, "No webhook address of ours. Copy it from the account's page.")
TOO_LARGE = refusal(413, "A webhook has at most 64 KiB.", connection="close")
TOO_SLOW = refusal(408, "The body did not arrive in time.", connection="close")
NOT_SIGNED = refusal(401, "The signature does not fit the body and the account's API key.")
NOT_STORED = refusal(503, "The webhook can't be stored right now. Send it again.", retry_after="5")


@dataclass(frozen=True, slots=True)
class Request:
    """A webhook request that arrived whole."""

    provider_code: str
    token: str
    headers: Mapping[str, str]
    body: bytes


class Hooks:
    """The ASGI application of the lane. Opens its connections when they are first needed."""

    def __init__(self) -> None:
        self._log = QuietLog()
        self._link = Link()
        self._doors = Doors(self._link)
        self._inbox = Inbox()
        self._aftermath = Aftermath(self._link, self._log)

    async def start(self) -> None:
        """A database that is away keeps no other lane from starting."""

    async def settle(self) -> None:
        """Return once everything that follows the answers so far is done, or given up."""
        await self._aftermath.settle()

    async def stop(self) -> None:
        await self._inbox.close()
        await self._aftermath.close()
        await self._link.close()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        address = ADDRESS.fullmatch(scope["path"])
        if scope["method"] != "POST" or address is None:
            refused = NOT_POST if scope["method"] != "POST" else NO_SUCH_ADDRESS
            return await refuse_early(refused, receive, send)
        try:
            body = await read_body(scope["headers"], receive)
        except Gone:
            return None
        except (TooLarge, TimeoutError) as problem:
            refused = TOO_LARGE if isinstance(problem, TooLarge) else TOO_SLOW
            return await refuse_early(refused, receive, send)
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        request = Request(address[1], address[2], headers, body)
        return await (await self._in_time(request)).send_to(send)

    async def _in_time(self, request: Request) -> Answer:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._take(request)
        except (psycopg.Error, OSError, NoKeys) as problem:  # TimeoutError is an OSError
            self._log.warn("A webhook could not be stored:", where(problem))
        except Exception as problem:
            self._log.warn("A webhook failed, which is a defect:", where(problem))
        return NOT_STORED

    async def _take(self, request: Request) -> Answer:
        door = await self._doors.find(request.provider_code, request.token)
        if door is None:
            return NO_SUCH_ADDRESS
        genuine = door.genuine(request.body, request.headers)
        if genuine is False:  # perhaps the key was rotated a moment ago
            door = await self._doors.find(request.provider_code, request.token, again=True)
            if door is None:
                return NO_SUCH_ADDRESS
            genuine = door.genuine(request.body, request.headers)
        if genuine is False:
            return self._forged(door, request)
        return await self._store(door, request, genuine)

    async def _store(self, door: Door, request: Request, genuine: bool | None) -> Answer:
        try:
            delivery = door.provider.delivery(request.body)
        except Malformed as problem:
            return refusal(400, str(problem))
        entry = Entry(
            door.account_id, request.body, delivery.activation_id, genuine, timezone.now()
        )
        try:
            entry_id = await self._inbox.store(entry)
        except AccountGone:
            return NO_SUCH_ADDRESS
        self._aftermath.accepted(door.account_id, entry_id)
        return Answer(200, door.provider.acknowledgement())

    def _forged(self, door: Door, request: Request) -> Answer:
        self._log.warn("A webhook's signature is wrong: provider account", door.account_id)
        try:
            activation_id = door.provider.delivery(request.body).activation_id
        except Malformed:
            return NOT_SIGNED
        self._aftermath.forged(door.account_id, activation_id)
        return NOT_SIGNED
