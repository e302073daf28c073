"""What becomes of a rental by the answer to its rent, or by none."""

from datetime import datetime, timedelta

from django.db import transaction

from ledger.states import ExceptionKind
from providers.phone import e164
from providers.values import Rented
from rentals import money, polling
from rentals.causes import Cause
from rentals.deadlines import beginning, deadline
from rentals.models import ProviderAnswer, Rental
from rentals.operations.answers import Judged, Verdict
from rentals.operations.beginning import ActivationTaken, Charge, begin
from rentals.operations.transition import move, note_event
from rentals.states import UNANSWERED, RentalState

UNSENT_FOR = timedelta(minutes=2)  # a rental that could not be sent until then is given up
LATE_NUMBERS_FOR = timedelta(days=2)  # a worker holds an answer for minutes, an outage for longer
CLASH_PAUSE = timedelta(hours=1)  # before an answer that another rental contradicts is read again


def apply_rent(
    rental: Rental, answer: ProviderAnswer, judged: Judged[Rented], date: str, now: datetime
) -> None:
    """Apply an answer that is kept; `date` is its Date header. Again it changes nothing."""
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
    charge = Charge(rented.price, money.moment(rented.created_at, answer.answered_at))
    try:
        begun = begin(
            rental.pk,
            _learned(rental, rented, answer, date, now),
            charge,
            cause=Cause.RENTED,
            now=now,
        )
    except ActivationTaken:
        _leave_to_a_person(rental.pk, rented, now)
        return
    if not begun:
        _tell_of_stray(rental.pk, rented, now)


def _leave_to_a_person(rental_id: int, rented: Rented, now: datetime) -> None:
    """The provider named an activation that another rental has. Reading that again is pointless,
    but for the case that the other one is put right: so seldom."""
    move(
        rental_id,
        frm={RentalState.REQUESTED},
        to=RentalState.IN_DOUBT,
        cause=Cause.OUTCOME_UNKNOWN,
        now=now,
        note=f"The provider answered with activation {rented.activation_id}, "
        "which another rental already has.",
    )
    Rental.objects.filter(pk=rental_id, activation_id="").update(control_at=now + CLASH_PAUSE)


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
        "activation_id": rented.activation_id,
        "phone_raw": rented.phone_number,
        "phone_e164": e164(rented.phone_number) or "",
        "ttl": max(1, round((expires_at - started_at).total_seconds())),
        "started_at": started_at,
        "expires_at": expires_at,
        "next_poll_at": now + polling.FIRST_LOOK,
    }


def _tell_of_stray(rental_id: int, rented: Rented, now: datetime) -> None:
    """An answer for a rental that has another activation. Nothing is booked for it here: if it was
    paid as well, the wallet shows a purchase that no rental explains."""
    with transaction.atomic():
        rental = Rental.objects.select_for_update().get(pk=rental_id)
        if rental.activation_id != rented.activation_id:
            note = f"The answer named activation {rented.activation_id}."
            note_event(rental, cause=Cause.LATE_NUMBER, now=now, note=note)
            money.notice(rental, ExceptionKind.LATE_NUMBER, note, now=now)


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
    with transaction.atomic():
        moved = move(
            rental.pk,
            frm=UNANSWERED,
            to=RentalState.REFUSED,
            cause=cause,
            now=now,
            note=note,
            fields=money.RELEASED,
        )
        if moved is not None:
            money.book_release(moved, now=now)


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
