"""A doubt ends by a webhook for an activation that we don't know, where only one can be meant."""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from providers.phone import e164
from providers.values import Activation, Delivery
from rentals import money
from rentals.causes import Cause
from rentals.deadlines import TTL_UNTOLD
from rentals.inbox import CLOCKS_APART, delivery_of, latest
from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations.answers import Verdict
from rentals.operations.beginning import ActivationTaken, Charge, begin
from rentals.operations.exchange import converse, wire
from rentals.operations.inbox import CONFIRM_PAUSE, CONFIRM_READS
from rentals.states import UNANSWERED, RentalState

LONGEST = timedelta(days=7)  # how long ago a rental was lost whose number may still turn up


def adopt(entry_id: int) -> bool:
    """Give an unknown activation to the one rental in doubt that it can belong to.

    Service and time must leave a single candidate among the rentals whose outcome is open, and a
    read of the provider must know the activation. Returns whether a doubt ended.
    """
    entry = InboxEntry.objects.select_related("account").get(pk=entry_id)
    if entry.applied_at is not None or entry.purged_at is not None:
        return False
    delivery = delivery_of(entry)
    candidate = _only_candidate(entry, delivery)
    if candidate is None or not _may_read(candidate, timezone.now()):
        return False
    look = converse(candidate, wire(candidate).inspect(entry.activation_id))
    if look.value is not None and _agrees(candidate, look.value, entry, delivery):
        return _begin(candidate, entry, look.value, timezone.now())
    if look.value is not None or look.verdict == Verdict.NOT_FOUND:
        _set_aside(entry)
    return False


def _set_aside(entry: InboxEntry) -> None:
    """Spend no more of a doubt's few reads on this webhook. A rental that gets its activation in
    another way still gets its message."""
    InboxEntry.objects.filter(pk=entry.pk, applied_at__isnull=True).update(
        outcome=InboxOutcome.NOT_OURS
    )


def entries_worth_adopting(now: datetime) -> list[int]:
    """Webhooks for unknown activations at accounts that have a rental that may be theirs."""
    doubts = Rental.objects.filter(Q(state=RentalState.IN_DOUBT) | _lost_of_late(now))
    entries = InboxEntry.objects.filter(
        outcome=InboxOutcome.UNKNOWN_ACTIVATION,
        applied_at__isnull=True,
        purged_at__isnull=True,
        received_at__gt=now - timedelta(days=1),
        account__in=doubts.values("account"),
    )
    return list(entries.order_by("received_at").values_list("pk", flat=True)[:50])


def _only_candidate(entry: InboxEntry, delivery: Delivery) -> Rental | None:
    """The one rental without a number, of that service, and rented in time for this SMS.

    One that is still being answered counts too: then it is too early to tell. So does a lost one,
    which was charged for a number.
    """
    possible = Q(state__in=UNANSWERED) | _lost_of_late(entry.received_at)
    open_ones = [
        rental
        for rental in Rental.objects.select_related("account").filter(
            possible, account=entry.account, sent_at__lte=entry.received_at
        )
        if delivery.service in ("", rental.service_code) and entry.received_at <= latest(rental)
    ]
    if len(open_ones) == 1 and open_ones[0].state != RentalState.REQUESTED:
        return open_ones[0]
    return None


def _lost_of_late(at: datetime) -> Q:
    """Lost so lately that its number may still get an SMS: no longer than a rental can last."""
    return Q(state=RentalState.LOST, activation_id="", ended_at__gt=at - LONGEST)


def _may_read(rental: Rental, now: datetime) -> bool:
    """Claim one of the few reads that a rental in doubt is worth."""
    return bool(
        Rental.objects.filter(
            Q(last_confirm_at__isnull=True) | Q(last_confirm_at__lte=now - CONFIRM_PAUSE),
            pk=rental.pk,
            confirm_reads__lt=CONFIRM_READS,
        ).update(last_confirm_at=now, confirm_reads=F("confirm_reads") + 1)
    )


def _agrees(rental: Rental, activation: Activation, entry: InboxEntry, delivery: Delivery) -> bool:
    """Whether the provider's own word fits: the service, the time, and what an unsigned hook said.

    A read that names neither the service nor the time must at least list the very message.
    """
    if activation.service and activation.service != rental.service_code:
        return False
    sent = rental.sent_at or rental.requested_at
    if activation.created_at and abs(activation.created_at - sent) > CLOCKS_APART:
        return False
    if not delivery.service and not activation.service:
        return False
    if entry.genuine:
        return True
    told = delivery.message
    return any(
        message.code == told.code and (told.code or message.text == told.text)
        for message in activation.messages
    )


def _begin(rental: Rental, entry: InboxEntry, activation: Activation, now: datetime) -> bool:
    started = rental.sent_at or rental.requested_at
    ttl = activation.ttl or rental.ttl or TTL_UNTOLD
    charge = Charge(activation.price, money.moment(activation.created_at, started))
    learned = {
        "activation_id": entry.activation_id,
        "phone_raw": activation.phone_number,
        "phone_e164": e164(activation.phone_number) or "" if activation.phone_number else "",
        "ttl": ttl,
        "started_at": started,
        "expires_at": started + timedelta(seconds=ttl),
        "next_poll_at": now,
    }
    try:
        return begin(rental.pk, learned, charge, cause=Cause.CLAIMED_BY_WEBHOOK, now=now)
    except ActivationTaken:
        return False
