"""What becomes of a rental by the answer to its rent, or by none."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from providers.phone import e164
from providers.values import Rented
from rentals import money, polling
from rentals.causes import Cause
from rentals.deadlines import beginning, deadline
from rentals.models import ProviderAnswer, Rental
from rentals.nudges import nudge
from rentals.operations import inbox
from rentals.operations.answers import Judged, Verdict
from rentals.operations.transition import move, note_event
from rentals.states import RentalState

UNSENT_FOR = timedelta(minutes=2)  # a rental that could not be sent until then is given up
UNANSWERED = frozenset({RentalState.REQUESTED, RentalState.IN_DOUBT})


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
