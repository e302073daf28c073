"""What happened to a rental, told to one member: our moves and the provider's answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from rentals.board.cards import Card
from rentals.causes import Cause
from rentals.models import ProviderAnswer, RentalEvent
from rentals.operations.answers import Verdict
from rentals.states import RentalState
from rentals.visibility import Sight

# A number, a code, or what may hold one: three digits and more, however they are grouped.
DIGITS = re.compile(r"\+?\d(?:[\s().-]?\d){2,}")
# Where we ourselves write an HTTP status beside what the provider said: see providers.replies.
STATUS_FIRST = re.compile(r"The provider refused \([1-5]\d\d\)")
STATUS_LAST = re.compile(r" \([1-5]\d\d\)\.$")
CALLS = {
    "rent": _("rent a number"),
    "cancel": _("cancel"),
    "finish": _("finish"),
    "inspect": _("how does it stand"),
    "status": _("how does it stand"),
    "poll": _("any messages"),
}
VERDICTS = {
    Verdict.DONE: _("answered"),
    Verdict.REFUSED: _("refused"),
    Verdict.NOT_FOUND: _("does not know the rental"),
    Verdict.THROTTLED: _("asked us to wait"),
    Verdict.BAD_KEY: _("did not accept the key"),
    Verdict.UNAVAILABLE: _("could not answer"),
    Verdict.UNKNOWN: _("gave no clear answer"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline. `state` is set where the rental moved to another one."""

    at: datetime
    title: str
    state: RentalState | None = None
    actor: User | None = None
    note: str = ""
    seconds: float | None = None  # how long the provider took


def timeline(card: Card) -> list[Entry]:
    """Oldest first; without digits where the number or the codes are hidden."""
    hides = card.sight < Sight.ALL
    entries = [*_moves(card, hides=hides), *_answers(card, hides=hides)]
    return sorted(entries, key=lambda entry: entry.at)


def _moves(card: Card, *, hides: bool) -> Iterator[Entry]:
    for event in card.rental.events.select_related("actor"):
        yield Entry(
            at=event.at,
            title=_title(event),
            state=RentalState(event.to_state) if event.from_state != event.to_state else None,
            actor=event.actor,
            note=masked(event.note) if hides else event.note,
        )


def _title(event: RentalEvent) -> str:
    known = event.cause in Cause.values
    return str(Cause(event.cause).label) if known else event.cause


def _answers(card: Card, *, hides: bool) -> Iterator[Entry]:
    for answer in card.rental.answers.all():
        yield Entry(
            at=answer.answered_at,
            title=asked(card, answer),
            note=masked(answer.detail) if hides else answer.detail,
            seconds=round((answer.answered_at - answer.asked_at).total_seconds(), 2),
        )


def asked(card: Card, answer: ProviderAnswer) -> str:
    """What the provider was asked, and what kind of answer it gave."""
    known = answer.verdict in Verdict
    return _now("%(provider)s (%(call)s): %(verdict)s") % {
        "provider": card.provider_name,
        "call": CALLS.get(answer.call, answer.call),
        "verdict": VERDICTS[Verdict(answer.verdict)] if known else answer.verdict,
    }


def masked(text: str) -> str:
    """Without digits that may be a number or a code; the HTTP status that we wrote stays."""
    first = STATUS_FIRST.match(text)
    last = None if first else STATUS_LAST.search(text)
    begin, end = (first.end() if first else 0), (last.start() if last else len(text))
    return f"{text[:begin]}{DIGITS.sub('•••', text[begin:end])}{text[end:]}"
