"""Messages find their place: each SMS once, none lost, in whatever order and state they come."""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac

from providers import values
from rentals import money, polling
from rentals.causes import Cause
from rentals.models import InboxEntry, Message, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations.answers import cancel_confirmed
from rentals.operations.rows import Writes, read
from rentals.operations.transition import Moves, locked
from rentals.states import RentalState, Source

RECEIVABLE = frozenset(
    {RentalState.WAITING, RentalState.CANCELLING, RentalState.EXPIRED, RentalState.RECEIVED}
)
COMPLETED = ("confirmed_at", "text", "content_hash", "provider_id", "received_at")
MOST_UNCONFIRMED = 10  # messages of a rental that only unsigned webhooks told of


@dataclass(frozen=True, slots=True)
class Sighting:
    """A rental's message as we came to see it. `confirmed` is False for an unsigned webhook."""

    rental_id: int
    message: values.Message
    source: Source
    seen_at: datetime
    confirmed: bool = True
    entry: InboxEntry | None = None

    @property
    def provider_id(self) -> str:
        """The provider's id; a webhook without one goes by the time that it names."""
        if self.message.id:
            return self.message.id
        if self.source == Source.WEBHOOK and self.message.received_at:
            return f"at:{self.message.received_at.isoformat()}"
        return ""


def content_hash(message: values.Message) -> bytes:
    """A keyed hash of code and text: tells equal messages, opens none."""
    content = f"{message.code}\0{message.text}"
    return salted_hmac("rentals.message", content, algorithm="sha256").digest()


def code_hash(code: str) -> bytes:
    """The same for a code alone, which tells it again when it is removed."""
    return salted_hmac("rentals.code", code, algorithm="sha256").digest()


def receive(sightings: Sequence[Sighting], *, now: datetime) -> list[InboxOutcome]:
    """Attach messages to their rentals; the same ones again change nothing.

    A confirmed new message moves its rental to received, from every state in which the provider
    may still hand one over; in any other state it is kept and the timeline says so.
    """
    with transaction.atomic():
        return attach(locked({sighting.rental_id for sighting in sightings}), sightings, now=now)


def attach(
    rentals: Iterable[Rental], sightings: Sequence[Sighting], *, now: datetime
) -> list[InboxOutcome]:
    """The same in a transaction that has locked the rows of the rentals.

    The webhooks that they came in are noted as applied.
    """
    arrivals = _Arrivals(rentals, now)
    outcomes = [arrivals.take(sighting) for sighting in sightings]
    arrivals.write()
    return outcomes


class _Arrivals:
    """What comes for some rentals, whose rows are locked. Their messages are read at once, and
    what changes is written at once."""

    def __init__(self, rentals: Iterable[Rental], now: datetime) -> None:
        self._now = now
        self._rentals = {rental.pk: rental for rental in rentals}
        self._known: dict[int, list[Message]] = {pk: [] for pk in self._rentals}
        where = "WHERE rental_id = ANY(%s) ORDER BY seen_at, id"
        for message in read(Message, where, [list(self._rentals)]):
            self._known[message.rental_id].append(message)
        self._moves = Moves(now)
        self._entries: list[InboxEntry] = []
        self._new: list[Message] = []
        self._completed: dict[int, Message] = {}
        self._after_cancel: list[Rental] = []
        self._overtaken: list[Rental] = []  # while they were being cancelled

    def take(self, sighting: Sighting) -> InboxOutcome:
        """Find the place of one; those that came before it in here are known by now."""
        outcome = self._placed(sighting)
        if sighting.entry is not None:
            sighting.entry.applied_at, sighting.entry.outcome = self._now, outcome
            self._entries.append(sighting.entry)
        return outcome

    def _placed(self, sighting: Sighting) -> InboxOutcome:
        rental, known = self._rentals[sighting.rental_id], self._known[sighting.rental_id]
        same = _same(known, sighting)
        if same is not None:
            self._complete(same, sighting)
            return InboxOutcome.KNOWN_MESSAGE
        conflict = any(
            m.provider_id == sighting.provider_id and m.confirmed_at and sighting.provider_id
            for m in known
        )
        if not sighting.confirmed and _enough_unconfirmed(known):
            return InboxOutcome.TOO_MANY
        self._add(rental, sighting)
        return InboxOutcome.CONFLICT if conflict else InboxOutcome.NEW_MESSAGE

    def write(self) -> None:
        """The ledger comes last, because what is written there makes others wait."""
        writes = Writes()
        writes.update(list(self._completed.values()), COMPLETED)
        writes.insert(self._new)
        writes.update(self._entries, ("applied_at", "outcome"))
        self._moves.write(writes)
        for rental in self._after_cancel:
            money.notice_sms_after_cancel(rental, now=self._now)
        for rental in self._overtaken:
            if cancel_confirmed(rental):
                money.claim_overtaken(rental, now=self._now)

    def _complete(self, known: Message, sighting: Sighting) -> None:
        was_confirmed = known.confirmed_at is not None
        if _learn(known, sighting, self._now) and known.pk is not None:
            self._completed[known.pk] = known
        if known.confirmed_at is not None and not was_confirmed:
            self._move_by_sms(self._rentals[sighting.rental_id])

    def _add(self, rental: Rental, sighting: Sighting) -> None:
        message = _new_message(rental, sighting, self._now)
        self._new.append(message)
        insort(self._known[rental.pk], message, key=lambda known: known.seen_at)
        if sighting.confirmed:
            self._move_by_sms(rental)
        else:
            self._moves.tell(rental)

    def _move_by_sms(self, rental: Rental) -> None:
        cancelling = rental.state == RentalState.CANCELLING
        fields = {
            "control_at": None if rental.finish_requested_at is None else rental.control_at,
            "waits_for_more": False,
            "next_poll_at": polling.after_sms(
                now=self._now,
                expires_at=rental.expires_at or self._now,
                wants_more=rental.multiple_sms,
            ),
        }
        moved = self._moves.make(
            rental,
            frm=RECEIVABLE,
            to=RentalState.RECEIVED,
            cause=Cause.SMS_CAME_FIRST if cancelling else Cause.SMS,
            fields=fields,
        )
        if not moved:
            self._moves.note(rental, cause=Cause.SMS_AFTER_END)
        elif cancelling:
            self._overtaken.append(rental)
        if rental.state == RentalState.CANCELLED:
            self._after_cancel.append(rental)


def _enough_unconfirmed(known: Sequence[Message]) -> bool:
    """Whether somebody who knows the webhook's address is flooding the rental.

    A genuine message among the rest is not lost: the provider is being asked, and what it
    confirms is always attached.
    """
    return sum(message.confirmed_at is None for message in known) >= MOST_UNCONFIRMED


def _new_message(rental: Rental, sighting: Sighting, now: datetime) -> Message:
    return Message(
        rental=rental,
        provider_id=sighting.provider_id,
        content_hash=content_hash(sighting.message),
        code=sighting.message.code[:40],
        text=sighting.message.text,
        source=sighting.source,
        inbox_entry=sighting.entry,
        received_at=sighting.message.received_at,
        seen_at=sighting.seen_at,
        confirmed_at=now if sighting.confirmed else None,
    )


def _same(known: Sequence[Message], sighting: Sighting) -> Message | None:
    """The message of ours that this sighting is of, if we have it."""
    alike = [m for m in known if _reads_the_same(m, sighting.message)]
    if not sighting.provider_id:
        # A poll that gives no ids shows the latest SMS only: equal content is the one we have.
        return next((m for m in alike if m.confirmed_at), next(iter(alike), None))
    for message in alike:
        if message.provider_id == sighting.provider_id or _same_moment(message, sighting):
            return message
    for message in alike:
        if _could_be_without_id(message, sighting):
            return message
    return None


def _reads_the_same(known: Message, message: values.Message) -> bool:
    if bytes(known.content_hash) == content_hash(message):
        return True
    return bool(message.code) and _has_code(known, message.code[:40])


def _has_code(known: Message, code: str) -> bool:
    if known.purged_at is not None:
        return known.code_hash is not None and bytes(known.code_hash) == code_hash(code)
    return known.code == code


def _same_moment(known: Message, sighting: Sighting) -> bool:
    """Whether a webhook without an id tells of a message that we know with its id and time."""
    told = sighting.message
    return (
        told.id is None and told.received_at is not None and told.received_at == known.received_at
    )


def _could_be_without_id(known: Message, sighting: Sighting) -> bool:
    """Whether an id that comes later belongs to a message that we saw without one.

    An SMS that reached the provider after we had polled the known one is another SMS, even where
    it reads the same.
    """
    if known.provider_id.startswith("at:"):
        return sighting.source == Source.POLL and (
            known.received_at == sighting.message.received_at or known.confirmed_at is None
        )
    if known.provider_id or not sighting.confirmed:
        return False
    arrived = min(sighting.message.received_at or sighting.seen_at, sighting.seen_at)
    return arrived <= known.seen_at


def _learn(known: Message, sighting: Sighting, now: datetime) -> bool:
    """Complete a known message. Returns whether this changed it."""
    before = [getattr(known, name) for name in COMPLETED]
    if sighting.confirmed and known.confirmed_at is None:
        known.confirmed_at = now
        known.content_hash = content_hash(sighting.message)
        if known.purged_at is None:
            known.text = sighting.message.text or known.text
    if sighting.confirmed and sighting.message.id:
        known.provider_id = sighting.message.id
    known.received_at = known.received_at or sighting.message.received_at
    return before != [getattr(known, name) for name in COMPLETED]
