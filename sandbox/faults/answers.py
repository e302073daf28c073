"""Faults in how a request is answered: late, wrong, half or never, with the work done or not."""

import asyncio
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.faults.base import AnswerFault, Proceed, check_choice
from sandbox.money import from_mills, to_mills
from sandbox.wire import Answer, Call, answer, refusal

_HTML = b"<!doctype html><title>Oops</title><h1>Something went wrong</h1>"
_TIME = re.compile(rb'"(\d{4}-\d\d-\d\dT[0-9:.]+Z)"')
BODIES: dict[str, tuple[str, bytes]] = {
    "json": ("application/json", b'{"status": "error", "message": "Something went wrong"}'),
    "html": ("text/html; charset=utf-8", _HTML),
    "garbage": ("application/json", b"\x8f\x00\xff{]not json at all"),
    "empty": ("application/json", b""),
}


@dataclass(frozen=True, kw_only=True)
class Latency(AnswerFault):
    title = "Waits before doing anything"
    endpoint: str = "*"
    ms: int = 2000

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        await asyncio.sleep(self.ms / 1000)
        return await proceed()


@dataclass(frozen=True, kw_only=True)
class TooManyRequests(AnswerFault):
    title = "429, with Retry-After unless that is 0; nothing is done"
    endpoint: str = "*"
    retry_after: int = 0

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        headers = (("Retry-After", str(self.retry_after)),) if self.retry_after else ()
        return refusal(429, "Too Many Requests", headers)


@dataclass(frozen=True, kw_only=True)
class ErrorStatus(AnswerFault):
    title = "An error (500, 404, 408, 409 ...) whose body is json, html, garbage or empty"
    status: int = 500
    body: str = "json"
    done: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("body", self.body, BODIES)
        if not 200 <= self.status <= 599:
            raise ValueError("status must be from 200 to 599.")

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        if self.done:
            await proceed()
        content_type, body = BODIES[self.body]
        return Answer(status=self.status, body=body, content_type=content_type)


@dataclass(frozen=True, kw_only=True)
class Redirect(AnswerFault):
    title = "A redirect to another address"
    status: int = 302
    location: str = "/"
    done: bool = False

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        if self.done:
            await proceed()
        return Answer(
            status=self.status,
            body=_HTML,
            content_type="text/html; charset=utf-8",
            headers=(("Location", self.location),),
        )


@dataclass(frozen=True, kw_only=True)
class Garbage(AnswerFault):
    title = "Done, and answered by 200 with garbage or html"
    body: str = "garbage"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("body", self.body, BODIES)

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        done = await proceed()
        content_type, body = BODIES[self.body]
        return replace(done, body=body, content_type=content_type)


@dataclass(frozen=True, kw_only=True)
class NoActivationId(AnswerFault):
    title = "Done, and answered by 200 without the activation id"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        done = await proceed()
        return replace(done, body=re.sub(rb'"activation_id": [0-9]+, ', b"", done.body))


@dataclass(frozen=True, kw_only=True)
class Cut(AnswerFault):
    title = "The connection is closed half way (or before any byte), with the work done or not"
    done: bool = True
    before_any_byte: bool = False

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed() if self.done else answer({"status": "success"})
        return replace(reply, cut="all" if self.before_any_byte else "half")


@dataclass(frozen=True, kw_only=True)
class Silence(AnswerFault):
    title = "Never answers, with the work done or not"
    done: bool = True

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed() if self.done else answer({})
        return replace(reply, silent=True)


@dataclass(frozen=True, kw_only=True)
class LateAnswer(AnswerFault):
    title = "Done at once, answered late"
    seconds: int = 30

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        await asyncio.sleep(self.seconds)
        return reply


@dataclass(frozen=True, kw_only=True)
class BrokenJson(AnswerFault):
    title = "Done, and answered with a trailing comma, as the documents' own examples have it"
    endpoint: str = "*"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        return replace(reply, body=reply.body[:-1] + b",}")


@dataclass(frozen=True, kw_only=True)
class SlowBytes(AnswerFault):
    title = "Done, and answered byte by byte"
    endpoint: str = "*"
    pause_ms: int = 100

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        return replace(await proceed(), pause_ms=self.pause_ms)


@dataclass(frozen=True, kw_only=True)
class NumbersAsText(AnswerFault):
    title = "Done, and answered with every number as a string and an unknown field"
    endpoint: str = "*"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        try:
            loose = json.loads(reply.body, parse_int=str, parse_float=str)
        except ValueError:  # another fault has been at it
            return reply
        return replace(reply, body=json.dumps(loose | {"notice": "v1 is stable"}).encode())


@dataclass(frozen=True, kw_only=True)
class UnixTimes(AnswerFault):
    title = "Done, and answered with every time as seconds since 1970, or as milliseconds"
    endpoint: str = "*"
    milliseconds: bool = False

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        return replace(reply, body=_TIME.sub(self._unix, reply.body))

    def _unix(self, found: re.Match[bytes]) -> bytes:
        seconds = int(datetime.fromisoformat(found[1].decode()).timestamp())
        return str(seconds * 1000 if self.milliseconds else seconds).encode()


@dataclass(frozen=True, kw_only=True)
class OtherZone(AnswerFault):
    title = "Done, and answered with every time by a clock that is off, with its Z or without it"
    endpoint: str = "*"
    minutes: int = 60
    behind: bool = False
    bare: bool = False

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        return replace(reply, body=_TIME.sub(self._moved, reply.body))

    def _moved(self, found: re.Match[bytes]) -> bytes:
        off = timedelta(minutes=-self.minutes if self.behind else self.minutes)
        written = "%Y-%m-%d %H:%M:%S" if self.bare else "%Y-%m-%dT%H:%M:%SZ"
        told = datetime.fromisoformat(found[1].decode()) + off
        return f'"{told.strftime(written)}"'.encode()


@dataclass(frozen=True, kw_only=True)
class IgnorePage(AnswerFault):
    title = "The page parameter is ignored: the first page again"
    endpoint: str = "*"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        call.fields = {name: value for name, value in call.fields.items() if name != "page"}
        return await proceed()


@dataclass(frozen=True, kw_only=True)
class OtherPrice(AnswerFault):
    title = "Charged as listed, and answered with this percentage of the price, if with any"
    percent: int = 90

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        if call.activation is None:
            return reply
        told = from_mills(to_mills(call.activation.price) * self.percent // 100)
        price = rb'"price": [0-9.]+'
        return replace(reply, body=re.sub(price, f'"price": {told}'.encode(), reply.body))
