"""The faults that can be switched on, one small class each, and the register of them.

A fault is a frozen dataclass: its fields are its options, with their defaults. `endpoint` says
which requests it strikes: one endpoint's name, or * for all.
"""

import asyncio
import dataclasses
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from sandbox.wire import Answer, Call, answer, refusal

Proceed = Callable[[], Awaitable[Answer]]

_HTML = b"<!doctype html><title>Oops</title><h1>Something went wrong</h1>"
_BODIES: dict[str, tuple[str, bytes]] = {
    "json": ("application/json", b'{"status": "error", "message": "Something went wrong"}'),
    "html": ("text/html; charset=utf-8", _HTML),
    "garbage": ("application/json", b"\x8f\x00\xff{]not json at all"),
    "empty": ("application/json", b""),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What every fault has. `title`: one line for people."""

    title: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class AnswerFault(Fault):
    """Changes how a request is answered; `proceed` does what was asked, as often as called."""

    endpoint: str = "rent"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        raise TypeError(f"{type(self).__name__} does not say what it does.")


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
        _check_choice("body", self.body, _BODIES)
        if not 200 <= self.status <= 599:
            raise ValueError("status must be from 200 to 599.")

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        if self.done:
            await proceed()
        content_type, body = _BODIES[self.body]
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
        _check_choice("body", self.body, _BODIES)

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        done = await proceed()
        content_type, body = _BODIES[self.body]
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
        return replace(reply, cut=-1 if self.before_any_byte else len(reply.body) // 2)


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
        loose = json.loads(reply.body, parse_int=str, parse_float=str)
        return replace(reply, body=json.dumps(loose | {"notice": "v1 is stable"}).encode())


@dataclass(frozen=True, kw_only=True)
class IgnorePage(AnswerFault):
    title = "The page parameter is ignored: the first page again"
    endpoint: str = "*"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        call.fields = {name: value for name, value in call.fields.items() if name != "page"}
        return await proceed()


@dataclass(frozen=True, kw_only=True)
class WebhookOvertakesRent(AnswerFault):
    title = "An SMS comes and its webhook is sent before the rent is answered"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        if call.activation is not None:
            call.sandbox.send_sms(call.provider, call.activation.id)
            await call.sandbox.courier.deliver_due()
        return reply


@dataclass(frozen=True, kw_only=True)
class RefundFault(Fault):
    """Changes what a cancel pays back."""

    def amount(self, *, price: int, left_ms: int, ttl_ms: int) -> int:
        """Thousandths to pay of `price`, with `left_ms` of `ttl_ms` unused."""
        raise TypeError(f"{type(self).__name__} does not say what it does.")


@dataclass(frozen=True, kw_only=True)
class NoRefund(RefundFault):
    title = "A cancel is confirmed and refunds nothing"

    def amount(self, *, price: int, left_ms: int, ttl_ms: int) -> int:
        return 0


@dataclass(frozen=True, kw_only=True)
class ProRataRefund(RefundFault):
    title = "A cancel refunds the unused part of the time, rounded down to the cent"

    def amount(self, *, price: int, left_ms: int, ttl_ms: int) -> int:
        return price * left_ms // ttl_ms // 10 * 10


@dataclass(frozen=True, kw_only=True)
class ShortRefund(RefundFault):
    title = "A cancel refunds this percentage of the price (over 100 pays too much)"
    percent: int = 80

    def amount(self, *, price: int, left_ms: int, ttl_ms: int) -> int:
        return price * self.percent // 100 // 10 * 10


@dataclass(frozen=True, kw_only=True)
class LateRefund(Fault):
    title = "A cancel's refund is paid after this many seconds"
    seconds: int = 600


@dataclass(frozen=True, kw_only=True)
class ExpiryRefund(Fault):
    title = "A rental that expires without an SMS is refunded after this many seconds"
    seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A webhook about to be posted. `held`: goes out after the wallet's next one."""

    delay_ms: int = 0
    held: bool = False
    forged: bool = False


@dataclass(frozen=True, kw_only=True)
class WebhookFault(Fault):
    """Changes how a message's webhook goes out."""

    def plan(self, postings: list[Posting], *, one_is_held: bool) -> list[Posting]:
        raise TypeError(f"{type(self).__name__} does not say what it does.")


@dataclass(frozen=True, kw_only=True)
class DuplicateWebhook(WebhookFault):
    title = "A webhook is sent several times"
    copies: int = 2

    def plan(self, postings: list[Posting], *, one_is_held: bool) -> list[Posting]:
        return postings * self.copies


@dataclass(frozen=True, kw_only=True)
class ReorderedWebhook(WebhookFault):
    title = "A webhook waits for the next one and goes out after it, or after so many seconds"
    seconds: int = 30

    def plan(self, postings: list[Posting], *, one_is_held: bool) -> list[Posting]:
        if one_is_held:
            return postings
        return [replace(p, held=True, delay_ms=self.seconds * 1000) for p in postings]


@dataclass(frozen=True, kw_only=True)
class LateWebhook(WebhookFault):
    title = "A webhook is sent late"
    seconds: int = 30

    def plan(self, postings: list[Posting], *, one_is_held: bool) -> list[Posting]:
        return [replace(p, delay_ms=p.delay_ms + self.seconds * 1000) for p in postings]


@dataclass(frozen=True, kw_only=True)
class LostWebhook(WebhookFault):
    title = "A webhook is never sent"

    def plan(self, postings: list[Posting], *, one_is_held: bool) -> list[Posting]:
        return []


@dataclass(frozen=True, kw_only=True)
class ForgedWebhook(WebhookFault):
    title = "A wrong code with the next message's id comes first, the genuine one later"
    ms: int = 1000

    def plan(self, postings: list[Posting], *, one_is_held: bool) -> list[Posting]:
        genuine = [replace(p, delay_ms=p.delay_ms + self.ms) for p in postings]
        return [Posting(forged=True), *genuine]


FAULTS: dict[str, type[Fault]] = {
    "latency": Latency,
    "too-many-requests": TooManyRequests,
    "error": ErrorStatus,
    "redirect": Redirect,
    "garbage": Garbage,
    "no-activation-id": NoActivationId,
    "cut": Cut,
    "silence": Silence,
    "late-answer": LateAnswer,
    "broken-json": BrokenJson,
    "slow-bytes": SlowBytes,
    "numbers-as-text": NumbersAsText,
    "ignore-page": IgnorePage,
    "no-refund": NoRefund,
    "pro-rata-refund": ProRataRefund,
    "short-refund": ShortRefund,
    "late-refund": LateRefund,
    "expiry-refund": ExpiryRefund,
    "webhook-duplicate": DuplicateWebhook,
    "webhook-reordered": ReorderedWebhook,
    "webhook-late": LateWebhook,
    "webhook-lost": LostWebhook,
    "webhook-forged": ForgedWebhook,
    "webhook-overtakes-rent": WebhookOvertakesRent,
}


def build(name: str, options: dict[str, object]) -> Fault:
    """The fault of this name. An option may come as its own type or as text; `ValueError` says
    which name or option is wrong."""
    kind = FAULTS.get(name)
    if kind is None:
        raise ValueError(f"There is no fault {name!r}; there are: {', '.join(FAULTS)}.")
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    unknown = set(options) - set(defaults)
    if unknown:
        raise ValueError(f"{name} has no option {', '.join(sorted(unknown))}.")
    return kind(**{key: _like(key, value, defaults[key]) for key, value in options.items()})


def _like(name: str, value: object, default: object) -> object:
    if isinstance(default, bool):
        words = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
        if isinstance(value, bool) or str(value).lower() in words:
            return words[str(value).lower()]
        raise ValueError(f"{name} must be true or false.")
    if isinstance(default, int):
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", str(value)):
            raise ValueError(f"{name} must be a whole number from 0.")
        return int(str(value))
    return str(value)


def _check_choice(name: str, value: str, choices: dict[str, tuple[str, bytes]]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}.")
