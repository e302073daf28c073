"""Opens streams, keeps them up and checked, and ends them.

An event is `rental` with an id, whose card the page then fetches, `wallets` and `alerts`, for the
balances and the bell in the top bar, or `sync`, for "read everything again": at the start, after a
gap in what we heard, and for a reader that is too slow. The page's own views say what may be seen;
here only ids travel, and only to those who may see them.
"""

import asyncio
import random
import re
from typing import Any, Final

import psycopg

from rentals.lanes.common import Answer, QuietLog, Receive, Send, refusal, where
from rentals.lanes.gathering import Gatherer
from rentals.live.admission import Admission, Permit, Refused, Request, session_key
from rentals.live.checks import Checks
from rentals.live.departure import on_departure
from rentals.live.hub import SLOTS, Hub
from rentals.live.subscription import Subscription
from rentals.live.viewer import Viewer

ADDRESS: Final = re.compile(r"/live/([-a-zA-Z0-9_]{1,60})/?")
MOST_STREAMS: Final = 20  # of one user, in one process: a browser holds one for all its tabs
BEATS: Final = (0, SLOTS // 2)  # twice a round of 30 s
PATIENCE: Final = 5.0  # seconds to be admitted

START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ],
}
NOT_GET = refusal(405, "Event streams are read with GET.", allow="GET")
NO_SUCH_TEAM = refusal(404, "No such team, or not one of yours.")
NOT_SIGNED_IN = refusal(401, "Sign in to follow a team's rentals.")
REFUSALS = {Refused.NOT_SIGNED_IN: NOT_SIGNED_IN, Refused.NOT_MEMBER: NO_SUCH_TEAM}
TOO_MANY = refusal(429, f"More than {MOST_STREAMS} open streams.", retry_after="30")
NOT_NOW = refusal(503, "Not possible right now. Try again.", retry_after="2")


class Live:
    """The ASGI application of the lane, and the listener of its subscription."""

    def __init__(self) -> None:
        self._hub = Hub()
        self._log = QuietLog()
        self.admission = Admission()
        self._requests = Gatherer(self.admission.admit, most=200)
        self._checks = Checks(self._hub, self.admission, self._log)
        self._revocations = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._ending = False

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(Subscription(self).run()),
            asyncio.create_task(self._tend()),
        ]
        self._stay = on_departure(self.end_all)

    async def stop(self) -> None:
        self.end_all()
        self._stay()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._checks.stop()
        await self.admission.close()

    def end_all(self) -> None:
        """End every stream now and open none any more: the server is about to stop."""
        self._ending = True
        for viewer in self._hub:
            viewer.end()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        address = ADDRESS.fullmatch(scope["path"])
        if scope["method"] != "GET":
            await NOT_GET.send_to(send)
        elif address is None:
            await NO_SUCH_TEAM.send_to(send)
        else:
            permit = await self._admitted(session_key(scope["headers"]), address[1])
            if isinstance(permit, Answer):
                await permit.send_to(send)
            else:
                await self._stream(permit, receive, send)

    async def _admitted(self, key: str, slug: str) -> Permit | Answer:
        try:
            async with asyncio.timeout(PATIENCE):
                permit = await self._ask(Request(key, slug))
        except (psycopg.Error, OSError) as problem:  # TimeoutError is an OSError
            self._log.warn("An event stream could not be opened:", where(problem))
            return NOT_NOW
        if isinstance(permit, Refused):
            return REFUSALS[permit]
        if self._ending:
            return NOT_NOW
        full = self._hub.streams_of(permit.user_id) >= MOST_STREAMS
        return TOO_MANY if full else permit

    async def _ask(self, request: Request) -> Permit | Refused:
        """Ask again where rights were taken meanwhile: a stream not yet open is not doubted."""
        while True:
            before = self._revocations
            answer = await self._requests.put(request)
            if self._revocations == before:
                return answer

    async def _stream(self, permit: Permit, receive: Receive, send: Send) -> None:
        viewer = Viewer(permit, send)
        leave = self._hub.add(viewer)  # from here on nothing is missed, so the sync comes after
        try:
            await send(START)
            pause = b"retry: %d\n\n" % random.randint(1000, 3000)  # noqa: S311 - not all at once
            await send({"type": "http.response.body", "body": pause, "more_body": True})
            viewer.open()
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            leave()

    # --- what the subscription tells ---

    def missed(self) -> None:
        for viewer in self._hub:
            viewer.tell_everything()

    def rental_changed(self, audience: str, rental_id: int) -> None:
        self._hub.tell(audience, rental_id)

    def wallets_read(self, team_id: int) -> None:
        self._hub.tell_team(team_id, Viewer.tell_wallets)

    def alerts_changed(self, team_id: int) -> None:
        self._hub.tell_team(team_id, Viewer.tell_alerts)

    def revoked(self, team_id: int | None, user_id: int | None) -> None:
        self._revocations += 1
        concerned = [
            viewer
            for viewer in self._hub
            if team_id in (None, viewer.permit.team_id) and user_id in (None, viewer.permit.user_id)
        ]
        for viewer in concerned:
            viewer.doubt()
        self._checks.put(concerned)

    # --- what the clock tells ---

    async def _tend(self) -> None:
        second = 0
        while True:
            await asyncio.sleep(1)
            second += 1
            self.tick(second)

    def tick(self, second: int) -> None:
        """Each second: beat for the streams whose turn it is (every 15 s), check others (30 s)."""
        for half in BEATS:
            for viewer in self._hub.slot(second + half):
                viewer.beat()
        self._checks.put([*self._hub.slot(second), *self._hub.doubtful()])
