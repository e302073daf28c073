"""Faults in how the webhooks of a message go out."""

from dataclasses import dataclass, replace

from sandbox.faults.base import AnswerFault, Fault, Proceed
from sandbox.wire import Answer, Call


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


@dataclass(frozen=True, kw_only=True)
class WebhookOvertakesRent(AnswerFault):
    title = "An SMS comes and its webhook is sent before the rent is answered"

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        reply = await proceed()
        if call.activation is not None:
            call.sandbox.send_sms(call.provider, call.activation.id)
            await call.sandbox.courier.deliver_due()
        return reply
