"""This process's one subscription to what is announced, kept up for as long as it runs."""

import asyncio
import json
import logging
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Protocol

import redis.asyncio as redis
from django.conf import settings
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from accounts.announcements import CONTROL, address
from accounts.breaker import Breaker

PATIENCE: Final = 2.0  # seconds, to connect
QUIET: Final = 5.0  # seconds without a word from Redis until it is asked whether it is there
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0
DEAF_PAUSE: Final = 5.0  # seconds between two times that pages read everything, without Redis

logger = logging.getLogger(__name__)


class Listener(Protocol):
    """Who is told what comes in."""

    def missed(self) -> None:
        """Some of what was announced up to now may not have come in."""

    def rental_changed(self, audience: str, rental_id: int) -> None: ...

    def wallets_read(self, team_id: int) -> None: ...

    def alerts_changed(self, team_id: int) -> None: ...

    def revoked(self, team_id: int | None, user_id: int | None) -> None: ...


class Subscription:
    """Listens, and when the connection is lost does so again within a second or so."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._breaker = Breaker("Redis (event streams)")
        self._pause = FIRST_PAUSE
        self._deaf_told_at = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._listen()
            except (redis.RedisError, OSError) as problem:
                self._breaker.failed(problem)
                self._tell_though_deaf()
            except Exception:
                logger.exception("The subscription failed, which is a defect")
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _tell_though_deaf(self) -> None:
        """Have the pages read everything now and then: nobody can tell us what changes."""
        if monotonic() - self._deaf_told_at >= DEAF_PAUSE:
            self._deaf_told_at = monotonic()
            self._listener.missed()

    async def _listen(self) -> None:
        client = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),  # a silent reconnect would hide what was missed
        )
        async with client, client.pubsub() as pubsub:
            await pubsub.psubscribe(address("*"))
            while True:
                self._heard(await self._next(pubsub))

    async def _next(self, pubsub: PubSub) -> dict[str, Any]:
        """Give the next message; raise where Redis doesn't even answer a ping."""
        message = await pubsub.get_message(timeout=QUIET)
        if message is None:
            await pubsub.ping()
            message = await pubsub.get_message(timeout=QUIET)
        if message is None:
            raise redis.TimeoutError("Redis does not answer")
        return dict(message)

    def _heard(self, message: dict[str, Any]) -> None:
        if message["type"] == "psubscribe":
            self._breaker.worked()
            self._pause = FIRST_PAUSE
            self._listener.missed()
        elif message["type"] == "pmessage":
            channel = message["channel"].decode().removeprefix(address(""))
            with suppress(ValueError, TypeError, KeyError, AttributeError):  # not of our making
                self._announced(channel, message["data"])

    def _announced(self, channel: str, data: bytes) -> None:
        if channel == CONTROL:
            self._told(json.loads(data))
        else:
            self._listener.rental_changed(channel, int(data))

    def _told(self, message: dict[str, Any]) -> None:
        if message.get("missed"):
            self._listener.missed()
        elif "wallets" in message:
            self._listener.wallets_read(int(message["wallets"]))
        elif "alerts" in message:
            self._listener.alerts_changed(int(message["alerts"]))
        else:
            self._listener.revoked(message["team"], message["user"])
