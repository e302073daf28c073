"""What the console shows of an account and of an answer."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import cached_property

from accounts import gateway
from accounts.models import ConsoleRequest
from accounts.operations.console import answer
from accounts.queries import AccountPage
from accounts.states import Lane
from providers.documented import Documented
from providers.pretty import indented
from providers.redaction import redacted
from providers.registry import provider

MOST_SHOWN: Final = 30_000  # characters


class ConsolePage(AccountPage):
    """An account as its console shows it."""

    @property
    def documented(self) -> tuple[Documented, ...]:
        return self.wire.documented()

    @property
    def base_url(self) -> str:
        return gateway.base_url(self.wire)

    @cached_property
    def room(self) -> int | None:
        """How many requests the console may send now; None is without bound."""
        return gateway.room(self.account, Lane.CONSOLE, self.now)


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """An answer as it is shown: `body` is redacted unless all of it was asked for."""

    status: int | None
    headers: list[tuple[str, str]]
    body: str
    more: int  # characters of the body that are not shown
    bytes: int
    milliseconds: int


def answer_page(sent: ConsoleRequest, *, whole: bool) -> AnswerPage | None:
    """None where nothing came back, or its seal does not open."""
    reply = answer(sent)
    if reply is None:
        return None
    text = (
        reply.body.decode(errors="replace") if whole else redacted(reply.body, also=_harmless(sent))
    )
    body = indented(text)
    return AnswerPage(
        status=reply.status,
        headers=sorted(reply.headers.items()),
        body=body[:MOST_SHOWN],
        more=max(0, len(body) - MOST_SHOWN),
        bytes=len(reply.body),
        milliseconds=round(reply.seconds * 1000),
    )


def _harmless(sent: ConsoleRequest) -> tuple[str, ...]:
    """The keys that hold no secret in the answer to this call."""
    calls = provider(sent.account.provider, sent.account.server_prefix).documented()
    return next((call.shows for call in calls if call.title == sent.title), ())
