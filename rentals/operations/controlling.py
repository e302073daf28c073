"""Cancel, finish, wait for another SMS: asked for by a person, carried out by a worker.

A finish may wait a moment, in which it can be undone. A cancel never does: the later it is sent,
the less a provider may give back.

A cancel or a finish may be sent again, but only after the rental's state was read. The row says
what is due (`control_at`), so that a lost message or a dead worker costs a few seconds.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import User
from rentals.causes import Cause
from rentals.models import Rental
from rentals.nudges import nudge
from rentals.operations.cancelling import carry_out_cancel
from rentals.operations.errors import NotPossible
from rentals.operations.finishing import carry_out_finish
from rentals.operations.transition import move, note_event
from rentals.states import RentalState

# Longer than any exchange, which is a look, the cancel or finish, and another look; shorter than
# a minute, in which another worker has to have taken over.
CLAIM = timedelta(seconds=45)
AT_ONCE = timedelta(0)


def cancel_rental(*, rental: Rental, actor: User | None, now: datetime) -> None:
    """Ask for the cancel of a rental that is waiting. Raises NotPossible in any other state."""
    with transaction.atomic():
        if not begin_cancel(rental, cause=Cause.CANCEL_ASKED, actor=actor, now=now):
            raise NotPossible(_("Only a rental that still waits for its SMS can be cancelled."))
        _record(rental, Action.RENTAL_CANCELLED, actor)


def begin_cancel(rental: Rental, *, cause: Cause, actor: User | None, now: datetime) -> bool:
    """Move to cancelling and nudge a worker; False where the rental no longer waits."""
    moved = move(
        rental.pk,
        frm={RentalState.WAITING},
        to=RentalState.CANCELLING,
        cause=cause,
        now=now,
        actor=actor,
        fields={"control_at": now, "control_tries": 0},
    )
    if moved is not None:
        transaction.on_commit(lambda: nudge("rentals.send_control", rental.pk))
    return moved is not None


def finish_rental(
    *, rental: Rental, actor: User, now: datetime, undo_for: timedelta = AT_ONCE
) -> None:
    """Ask for the end of a rental whose code came. Raises NotPossible in any other state.

    Nothing is sent for `undo_for`: then the sweep finds the row.
    """
    with transaction.atomic():
        asked = Rental.objects.filter(
            pk=rental.pk, state=RentalState.RECEIVED, finish_requested_at__isnull=True
        ).update(finish_requested_at=now, control_at=now + undo_for, control_tries=0)
        if not asked:
            raise NotPossible(_("Only a rental that has received its SMS can be finished."))
        rental.refresh_from_db()
        note_event(rental, cause=Cause.FINISH_ASKED, now=now, actor=actor)
        _record(rental, Action.RENTAL_FINISHED, actor)
        if undo_for == AT_ONCE:
            transaction.on_commit(lambda: nudge("rentals.send_control", rental.pk))


def undo_finish(*, rental: Rental, actor: User, now: datetime) -> None:
    """Take back a finish of which nothing was sent; one that was taken back already stays so.

    Raises NotPossible where a worker has it, or the rental has ended.
    """
    with transaction.atomic():
        undone = Rental.objects.filter(
            pk=rental.pk,
            state=RentalState.RECEIVED,
            finish_requested_at__isnull=False,
            control_tries=0,  # no worker has claimed it
        ).update(finish_requested_at=None, control_at=None)
        rental.refresh_from_db()
        if undone:
            note_event(rental, cause=Cause.FINISH_UNDONE, now=now, actor=actor)
            _record(rental, Action.RENTAL_FINISH_UNDONE, actor)
        elif rental.state != RentalState.RECEIVED or rental.finish_requested_at is not None:
            raise NotPossible(_("Too late to undo: the rental is being finished already."))


def wait_for_more(*, rental: Rental, actor: User, now: datetime) -> None:
    """Look for another SMS as eagerly as for the first. Raises NotPossible where none can come."""
    with transaction.atomic():
        asked = Rental.objects.filter(
            pk=rental.pk,
            state=RentalState.RECEIVED,
            multiple_sms=True,
            finish_requested_at__isnull=True,
            expires_at__gt=now,
        ).update(waits_for_more=True, next_poll_at=now)
        if not asked:
            raise NotPossible(_("This service takes one SMS a rental, or its time is up."))
        rental.refresh_from_db()
        note_event(rental, cause=Cause.WAITS_FOR_MORE, now=now, actor=actor)
        _record(rental, Action.RENTAL_KEPT, actor)


def _record(rental: Rental, action: Action, actor: User | None) -> None:
    audit.record(
        team=rental.team,
        actor=actor,
        action=action,
        object=rental,
        after={"service": rental.service_name},
    )


def send_control(rental_id: int) -> None:
    """Carry out the cancel or the finish that is due. Another worker that has it is left alone."""
    now = timezone.now()
    claimed = Rental.objects.filter(pk=rental_id, control_at__lte=now).update(
        control_at=now + CLAIM, control_tries=F("control_tries") + 1
    )
    if not claimed:
        return
    rental = Rental.objects.select_related("account").get(pk=rental_id)
    if rental.state == RentalState.CANCELLING:
        carry_out_cancel(rental)
    elif rental.state == RentalState.RECEIVED and rental.finish_requested_at is not None:
        carry_out_finish(rental)
    else:
        Rental.objects.filter(pk=rental_id).update(control_at=None)
