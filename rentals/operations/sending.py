"""A rent is sent to the provider: at most once, and whatever comes back is kept, then applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts import gateway
from accounts.states import Lane
from providers.calls import Call, Reply
from providers.errors import BadKey
from providers.phone import e164
from providers.registry import provider
from providers.transport import check_key
from providers.values import Rented, RentOrder
from rentals import money, polling
from rentals.causes import Cause
from rentals.deadlines import beginning, deadline
from rentals.models import ProviderAnswer, Rental
from rentals.nudges import nudge
from rentals.operations import inbox
from rentals.operations.answers import Judged, Verdict, keep, read_again
from rentals.operations.persistence import persist
from rentals.operations.transition import move, note_event
from rentals.states import RentalState

LISTEN_FOR = 120.0  # seconds: an answer counts long after the page began to say "in doubt"
UNSENT_FOR = timedelta(minutes=2)  # a rental that could not be sent until then is given up
UNANSWERED = frozenset({RentalState.REQUESTED, RentalState.IN_DOUBT})


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
    asked_at = timezone.now()
    if not _claim(rental, asked_at):
        return None
    return Attempt(rental, door, rent_call(rental), asked_at)


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
    gateway.note(attempt.rental.account, reply, timezone.now(), door=attempt.door)


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
    _apply(rental, answer, judged, reply.headers.get("date", ""), now)


def apply_stored_rent(rental: Rental, *, now: datetime) -> bool:
    """Apply an answer that was kept by a worker that died before it could apply it.

    Returns whether there was one that decides.
    """
    this_attempt = rental.answers.filter(call="rent", asked_at=F("rental__sent_at"))
    answer = this_attempt.last()
    if answer is None:
        return False
    judged = read_again(rent_call(rental), answer)
    _apply(rental, answer, judged, answer.reply.get("headers", {}).get("date", ""), now)
    return True


def _apply(
    rental: Rental, answer: ProviderAnswer, judged: Judged[Rented], date: str, now: datetime
) -> None:
    if judged.value is not None:
        _start(rental, judged.value, answer, date, now)
    elif judged.verdict == Verdict.THROTTLED:
        _put_back(rental, answer, judged, now)
    elif judged.verdict == Verdict.UNKNOWN:
        move(
            rental.pk,
            frm={RentalState.REQUESTED},
            to=RentalState.IN_DOUBT,
            cause=Cause.OUTCOME_UNKNOWN,
            now=now,
            note=judged.detail,
        )
    else:
        _refuse(rental, now=now, cause=Cause.PROVIDER_REFUSED, note=judged.detail)


def _start(
    rental: Rental, rented: Rented, answer: ProviderAnswer, date: str, now: datetime
) -> None:
    try:
        begun = begin(
            rental, _learned(rental, rented, answer, date, now), cause=Cause.RENTED, now=now
        )
    except IntegrityError:
        # The provider named an activation that another rental holds: a person must look.
        move(
            rental.pk,
            frm={RentalState.REQUESTED},
            to=RentalState.IN_DOUBT,
            cause=Cause.OUTCOME_UNKNOWN,
            now=now,
            note=f"The provider answered with activation {rented.activation_id}, "
            "which another rental already has.",
        )
        return
    if not begun:
        _tell_of_stray(rental.pk, rented, now)


def _learned(
    rental: Rental, rented: Rented, answer: ProviderAnswer, date: str, now: datetime
) -> dict[str, object]:
    started_at = beginning(
        rented, date=date, asked_at=answer.asked_at, answered_at=answer.answered_at
    )
    expires_at = deadline(
        rented,
        ttl=rental.ttl,
        date=date,
        started_at=started_at,
        answered_at=answer.answered_at,
    )
    return {
        **money.settle(rental, rented.price),
        "activation_id": rented.activation_id,
        "phone_raw": rented.phone_number,
        "phone_e164": e164(rented.phone_number) or "",
        "ttl": max(1, round((expires_at - started_at).total_seconds())),
        "started_at": started_at,
        "expires_at": expires_at,
        "next_poll_at": now + polling.FIRST_LOOK,
    }


def _tell_of_stray(rental_id: int, rented: Rented, now: datetime) -> None:
    """An answer too late for its rental, which is decided: its number is paid for all the same."""
    rental = Rental.objects.get(pk=rental_id)
    if rental.activation_id != rented.activation_id:
        note = f"The answer named activation {rented.activation_id}."
        note_event(rental, cause=Cause.LATE_NUMBER, now=now, note=note)


def begin(
    rental: Rental, fields: Mapping[str, object], *, cause: Cause, now: datetime, note: str = ""
) -> bool:
    """Move to waiting with what was learned, and apply the webhooks that were faster."""
    with transaction.atomic():
        moved = move(
            rental.pk,
            frm=UNANSWERED,
            to=RentalState.WAITING,
            cause=cause,
            now=now,
            note=note,
            fields=fields,
        )
        if moved is None:
            return False
        transaction.on_commit(lambda: inbox.apply_early_entries(moved, now=now))
        transaction.on_commit(lambda: nudge("rentals.read_balance", moved.account_id))
    return True


def _put_back(
    rental: Rental, answer: ProviderAnswer, judged: Judged[Rented], now: datetime
) -> None:
    """429 means not done: try again when the provider likes, as long as it makes sense.

    It speaks of the attempt that it answers, and of no other that is under way by now.
    """
    again = now + timedelta(seconds=judged.retry_after or 5)
    with transaction.atomic():
        this_attempt = Rental.objects.select_for_update().filter(
            pk=rental.pk, state__in=UNANSWERED, sent_at=answer.asked_at
        )
        found = this_attempt.first()
        if found is None:
            return
        if found.state == RentalState.IN_DOUBT or again > found.requested_at + UNSENT_FOR:
            _refuse(found, now=now, cause=Cause.PROVIDER_REFUSED, note=judged.detail)
            return
        this_attempt.update(sent_at=None, control_at=again)
        note_event(found, cause=Cause.ASKED_TO_WAIT, now=now, note=judged.detail)


def _refuse(rental: Rental, *, now: datetime, cause: Cause, note: str) -> None:
    move(
        rental.pk,
        frm=UNANSWERED,
        to=RentalState.REFUSED,
        cause=cause,
        now=now,
        note=note,
        fields=money.release(),
    )


def give_up_unsent(rental: Rental, *, now: datetime, note: str = "") -> bool:
    """Refuse a rental that was never sent. Loses against a worker that sends it just now."""
    with transaction.atomic():
        unsent = Rental.objects.select_for_update().filter(
            pk=rental.pk, state=RentalState.REQUESTED, sent_at__isnull=True
        )
        if not unsent.exists():
            return False
        _refuse(rental, now=now, cause=Cause.NEVER_SENT, note=note)
    return True


def doubt_unanswered(rental: Rental, *, now: datetime) -> bool:
    """Say plainly that a sent rental's outcome is not known. A late answer still counts."""
    return bool(
        move(
            rental.pk,
            frm={RentalState.REQUESTED},
            to=RentalState.IN_DOUBT,
            cause=Cause.OUTCOME_UNKNOWN,
            now=now,
            note="No answer came in time.",
        )
    )
