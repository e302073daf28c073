"""A rent is sent to the provider: at most once, and whatever comes back is kept, then applied."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from accounts import gateway, request_log
from accounts.states import Lane
from providers.calls import Call, Reply
from providers.errors import BadKey
from providers.registry import provider
from providers.transport import check_key
from providers.values import Rented, RentOrder
from rentals.models import Rental
from rentals.operations.answers import keep, read_again
from rentals.operations.outcomes import UNSENT_FOR, apply_rent, give_up_unsent
from rentals.operations.persistence import persist
from rentals.states import RentalState

LISTEN_FOR = 120.0  # seconds: an answer counts long after the page began to say "in doubt"


def rent_call(rental: Rental) -> Call[Rented]:
    account = rental.account
    return provider(account.provider, account.server_prefix).rent(
        RentOrder(
            service=rental.service_code,
            area_code=rental.area_code,
            carrier=rental.carrier,
            phone_number=rental.wanted_number,
        )
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """A rental that is marked as sent, by whoever holds this, and is to be sent once."""

    rental: Rental
    door: gateway.Door
    call: Call[Rented]
    asked_at: datetime


def send_rent(rental_id: int) -> None:
    """Carry out a requested rental, and wait for the answer."""
    attempt = begin_rent(rental_id)
    if attempt is not None:
        end_rent(attempt, gateway.transmit(attempt.door, attempt.call, timeout=LISTEN_FOR))


def begin_rent(rental_id: int) -> Attempt | None:
    """Claim a requested rental; None where another worker has it or had it, or it must wait.

    The row is marked as sent before the provider is called, so that a worker that dies in
    between leaves a doubt and never a second request.
    """
    rental = Rental.objects.select_related("account").filter(pk=rental_id).first()
    if rental is None or rental.state != RentalState.REQUESTED or rental.sent_at is not None:
        return None
    if timezone.now() >= rental.requested_at + UNSENT_FOR:
        give_up_unsent(rental, now=timezone.now())
        return None
    try:
        door = gateway.open_door(rental.account)
        check_key(door.key)
    except (gateway.NoKey, BadKey) as error:
        give_up_unsent(rental, now=timezone.now(), note=str(error))
        return None
    if not gateway.reserve(rental.account, Lane.RENT, now=timezone.now()).granted:
        return None  # the sweep comes back to it
    call, asked_at = rent_call(rental), timezone.now()
    return Attempt(rental, door, call, asked_at) if _claim(rental, asked_at) else None


def end_rent(attempt: Attempt, reply: Reply) -> None:
    """Keep and apply what came back.

    The only copy of a paid answer is in this process: a database that is away is waited for.
    """
    answered_at = timezone.now()
    persist(
        lambda: receive_rent(
            attempt.rental, attempt.call, reply, asked_at=attempt.asked_at, now=answered_at
        )
    )
    account = attempt.rental.account
    gateway.note(account, reply, timezone.now(), door=attempt.door)
    sent = request_log.line(account.pk, attempt.call, reply, lane=Lane.RENT, at=attempt.asked_at)
    request_log.keep([sent])


def _claim(rental: Rental, now: datetime) -> bool:
    rental.sent_at = now
    return bool(
        Rental.objects.filter(
            pk=rental.pk, state=RentalState.REQUESTED, sent_at__isnull=True
        ).update(sent_at=now, control_at=None)
    )


def receive_rent(
    rental: Rental, call: Call[Rented], reply: Reply, *, asked_at: datetime, now: datetime
) -> None:
    """Keep the answer to a rent, then apply it."""
    answer, judged = keep(rental, call, reply, asked_at=asked_at, now=now)
    apply_rent(rental, answer, judged, reply.headers.get("date", ""), now)


def apply_stored_rent(rental: Rental, *, now: datetime) -> bool:
    """Apply an answer that was kept by a worker that died before it could apply it.

    Returns whether there was one that decides.
    """
    this_attempt = rental.answers.filter(call="rent", asked_at=F("rental__sent_at"))
    answer = this_attempt.last()
    if answer is None:
        return False
    judged = read_again(rent_call(rental), answer)
    apply_rent(rental, answer, judged, answer.reply.get("headers", {}).get("date", ""), now)
    return True
