"""Messages find their place: each SMS once, none lost, in whatever order and state they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac

from ledger.states import ExceptionKind
from providers import values
from rentals import channels, money, polling
from rentals.causes import Cause
from rentals.models import InboxEntry, Message, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations.transition import move, note_event
from rentals.states import RentalState, Source

RECEIVABLE = frozenset(
    {RentalState.WAITING, RentalState.CANCELLING, RentalState.EXPIRED, RentalState.RECEIVED}
)
MOST_UNCONFIRMED = 10  # messages of a rental that only unsigned webhooks told of


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message as we came to see it. `confirmed` is False for an unsigned webhook."""

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


def receive(rental_id: int, sightings: Sequence[Sighting], *, now: datetime) -> list[InboxOutcome]:
    """Attach messages to a rental; the same ones again change nothing.

    A confirmed new message moves the rental to received, from every state in which the provider
    may still hand one over; in any other state it is kept and the timeline says so.
    """
    with transaction.atomic():
        rental = Rental.objects.select_for_update().get(pk=rental_id)
        return [_receive_one(rental, sighting, now) for sighting in sightings]


def _receive_one(rental: Rental, sighting: Sighting, now: datetime) -> InboxOutcome:
    known = list(rental.messages.all())
    same = _same(known, sighting)
    if same is not None:
        if _learn(same, sighting, now):
            _moved_by_sms(rental, now)
        return InboxOutcome.KNOWN_MESSAGE
    conflict = any(
        m.provider_id == sighting.provider_id and m.confirmed_at and sighting.provider_id
        for m in known
    )
    if not sighting.confirmed and _enough_unconfirmed(known):
        return InboxOutcome.TOO_MANY
    _insert(rental, sighting, now)
    if sighting.confirmed:
        _moved_by_sms(rental, now)
    else:
        transaction.on_commit(lambda: channels.publish(rental))
    return InboxOutcome.CONFLICT if conflict else InboxOutcome.NEW_MESSAGE


def _enough_unconfirmed(known: Sequence[Message]) -> bool:
    """Whether somebody who knows the webhook's address is flooding the rental.

    A genuine message among the rest is not lost: the provider is being asked, and what it
    confirms is always attached.
    """
    return sum(message.confirmed_at is None for message in known) >= MOST_UNCONFIRMED


def _insert(rental: Rental, sighting: Sighting, now: datetime) -> None:
    Message.objects.create(
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
    return bool(message.code) and known.code == message.code[:40]


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
    """Complete a known message. Returns whether it became confirmed by this."""
    changed: list[str] = []
    confirms = sighting.confirmed and known.confirmed_at is None
    if confirms:
        known.confirmed_at, known.text = now, sighting.message.text or known.text
        known.content_hash = content_hash(sighting.message)
        changed += ["confirmed_at", "text", "content_hash"]
    if sighting.confirmed and sighting.message.id and known.provider_id != sighting.message.id:
        known.provider_id = sighting.message.id
        changed.append("provider_id")
    if known.received_at is None and sighting.message.received_at:
        known.received_at = sighting.message.received_at
        changed.append("received_at")
    if changed:
        known.save(update_fields=changed)
    return confirms


def _moved_by_sms(rental: Rental, now: datetime) -> None:
    cancelling = rental.state == RentalState.CANCELLING
    fields = {
        "control_at": None if rental.finish_requested_at is None else rental.control_at,
        "waits_for_more": False,
        "next_poll_at": polling.after_sms(
            now=now, expires_at=rental.expires_at or now, wants_more=rental.multiple_sms
        ),
    }
    moved = move(
        rental.pk,
        frm=RECEIVABLE,
        to=RentalState.RECEIVED,
        cause=Cause.SMS_CAME_FIRST if cancelling else Cause.SMS,
        now=now,
        fields=fields,
    )
    if moved is None:
        note_event(rental, cause=Cause.SMS_AFTER_END, now=now)
    if moved is None and rental.state == RentalState.CANCELLED:
        # Its refund is promised only where no SMS came, so it may fail to come or be taken back.
        money.notice(
            rental,
            ExceptionKind.SMS_AFTER_CANCEL,
            "An SMS came after it was cancelled; the provider refunds only where none came.",
            now=now,
        )
