"""A person takes an exception, says what it was, and may take that back."""

from datetime import datetime
from itertools import count
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import Team, User
from accounts.states import Role
from ledger.book import Entry, post
from ledger.days import team_day
from ledger.models import ReconciliationException, Transfer
from ledger.operations.errors import Decided, NotPossible, told_if_closed
from ledger.states import (
    UNRESOLVED,
    AccountKind,
    ExceptionState,
    Resolution,
    TransferKind,
)

# Where the money goes that stood in suspense.
INTO: Final = {
    Resolution.OUTSIDE: (AccountKind.OUTSIDE, TransferKind.OUTSIDE),
    Resolution.WRITE_OFF: (AccountKind.WRITE_OFF, TransferKind.WRITE_OFF),
    Resolution.DEPOSIT: (AccountKind.FUNDING, TransferKind.DEPOSIT),
}

TAKEN_BACK: Final = {*INTO, Resolution.NOTED}


def outcomes(exception: ReconciliationException) -> list[Resolution]:
    """What a person may say that it was. What fits a rental is matched instead."""
    if not exception.amount:
        return [Resolution.NOTED]
    if exception.amount > 0:
        return [Resolution.OUTSIDE, Resolution.DEPOSIT, Resolution.WRITE_OFF]
    return [Resolution.OUTSIDE, Resolution.WRITE_OFF]


def assign(*, exception: ReconciliationException, to: User | None, actor: User) -> None:
    """Give it to somebody of finance, or to nobody. Raises NotPossible."""
    with transaction.atomic():
        _assign(lock_unresolved(exception), to, actor)


def undo_assign(
    *, exception: ReconciliationException, to: User | None, instead_of: int | None, actor: User
) -> None:
    """Give it back to `to`, if it is still with `instead_of`. Raises NotPossible."""
    with transaction.atomic():
        locked = lock_unresolved(exception)
        if locked.assigned_to_id != instead_of:
            raise NotPossible(_("Too late to undo: somebody has assigned it anew."))
        _assign(locked, to, actor)


def _assign(locked: ReconciliationException, to: User | None, actor: User) -> None:
    if to is not None and not is_finance(locked.wallet.team, to):
        raise NotPossible(_("Only somebody with the role finance can take it."))
    before = locked.assigned_to_id
    hand_to(locked, to)
    audit.record(
        team=locked.wallet.team,
        actor=actor,
        action=Action.EXCEPTION_ASSIGNED,
        object=locked,
        before={"to": before},
        after={"to": locked.assigned_to_id},
    )


def resolve(
    *,
    exception: ReconciliationException,
    outcome: Resolution,
    reason: str,
    actor: User,
    now: datetime,
) -> None:
    """Say what it was: its money leaves suspense for good. Raises NotPossible, Decided."""
    with told_if_closed(), transaction.atomic():
        locked = lock_unresolved(exception)
        _check(locked, outcome, reason)
        if locked.amount:
            post(_out_of_suspense(locked, outcome, reason, actor, now))
        close(locked, outcome, reason=reason, actor=actor, now=now)


def reopen(*, exception: ReconciliationException, reason: str, actor: User, now: datetime) -> None:
    """Take a resolution back: its money returns to suspense. Raises NotPossible."""
    with told_if_closed(), transaction.atomic():
        locked = lock_resolved(exception, reason)
        if not can_reopen(locked):
            raise NotPossible(_("This can’t be taken back here: undo the match instead."))
        if locked.amount:
            post(_back_to_suspense(locked, reason, actor, now))
        open_again(locked, reason=reason, actor=actor)


def lock_resolved(exception: ReconciliationException, reason: str) -> ReconciliationException:
    """The exception, locked, for whoever takes its resolution back and says why."""
    locked = _lock(exception)
    if locked.state in UNRESOLVED:
        raise Decided(_("It is open already."))
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    return locked


def can_reopen(exception: ReconciliationException) -> bool:
    """Whether a person said what it was, and it was no match."""
    return exception.resolution in TAKEN_BACK and exception.resolved_by_id is not None


def close(
    locked: ReconciliationException,
    outcome: Resolution,
    *,
    reason: str,
    actor: User,
    now: datetime,
) -> None:
    """Write the resolution on an exception that is locked and open."""
    write(locked, outcome, reason=reason, actor=actor, now=now)
    audit.record(
        team=locked.wallet.team,
        actor=actor,
        action=Action.EXCEPTION_RESOLVED,
        object=locked,
        after={
            "resolution": outcome,
            "amount": str(locked.amount),
            "currency": locked.currency,
        },
        reason=locked.reason,
    )


def write(
    locked: ReconciliationException,
    outcome: Resolution,
    *,
    reason: str,
    actor: User,
    now: datetime,
) -> None:
    """The same for whoever tells the audit log themselves."""
    locked.state = ExceptionState.RESOLVED
    locked.resolved_at, locked.resolved_by = now, actor
    locked.resolution, locked.reason = outcome, reason.strip()[:500]
    locked.save(update_fields=["state", "resolved_at", "resolved_by", "resolution", "reason"])


def lock_unresolved(exception: ReconciliationException) -> ReconciliationException:
    """The exception as it is now, locked. Raises Decided where it was resolved meanwhile."""
    locked = _lock(exception)
    if locked.state not in UNRESOLVED:
        raise resolved_meanwhile(locked)
    return locked


def resolved_meanwhile(exception: ReconciliationException) -> Decided:
    """What whoever comes too late is told."""
    who = exception.resolved_by or _("the provider’s own statement")
    return Decided(_("It was resolved by %(who)s meanwhile.") % {"who": who})


def is_finance(team: Team, user: User) -> bool:
    held = team.memberships.filter(user=user, user__is_active=True)
    return held.filter(roles__contains=[Role.FINANCE]).exists()


def hand_to(locked: ReconciliationException, to: User | None) -> None:
    locked.assigned_to = to
    locked.state = ExceptionState.ASSIGNED if to else ExceptionState.OPEN
    locked.save(update_fields=["assigned_to", "state"])


def _lock(exception: ReconciliationException) -> ReconciliationException:
    # Whoever resolved it is read afterwards: a joined row is as it was before the lock was had.
    rows = ReconciliationException.objects.select_for_update(of=("self",))
    return rows.select_related("wallet__team").get(pk=exception.pk)


def _check(locked: ReconciliationException, outcome: Resolution, reason: str) -> None:
    if outcome not in outcomes(locked):
        raise NotPossible(_("That can’t be what it was: look at its amount."))
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))


def _out_of_suspense(
    locked: ReconciliationException,
    outcome: Resolution,
    reason: str,
    actor: User,
    now: datetime,
) -> Entry:
    other, kind = INTO[outcome]
    gained = locked.amount > 0
    return Entry(
        key=numbered(locked, "resolved"),
        wallet_id=locked.wallet_id,
        debit=AccountKind.SUSPENSE if gained else other,
        credit=other if gained else AccountKind.SUSPENSE,
        amount=abs(locked.amount),
        kind=kind,
        reference=locked.reference,
        occurred_at=locked.occurred_at,
        booked_on=team_day(locked.wallet.team, now),
        actor_id=actor.pk,
        reason=reason.strip()[:500],
    )


def _back_to_suspense(
    locked: ReconciliationException, reason: str, actor: User, now: datetime
) -> Entry:
    other, _kind = INTO[Resolution(locked.resolution)]
    gained = locked.amount > 0
    return Entry(
        key=numbered(locked, "reopened"),
        wallet_id=locked.wallet_id,
        debit=other if gained else AccountKind.SUSPENSE,
        credit=AccountKind.SUSPENSE if gained else other,
        amount=abs(locked.amount),
        kind=TransferKind.CORRECTION,
        reference=locked.reference,
        occurred_at=locked.occurred_at,
        booked_on=team_day(locked.wallet.team, now),
        actor_id=actor.pk,
        reason=reason.strip()[:500],
    )


def numbered(locked: ReconciliationException, what: str) -> str:
    """exception:PK:resolved, and after each time that it was taken back :resolved:2, :3, …

    The exception is locked, so nobody counts at the same time.
    """
    key = f"exception:{locked.pk}:{what}"
    keys = (key if number == 1 else f"{key}:{number}" for number in count(1))
    return next(each for each in keys if not Transfer.objects.filter(key=each).exists())


def open_again(locked: ReconciliationException, *, reason: str, actor: User) -> None:
    """Put it in the queue again, with whoever had it, and write down who took what back."""
    before = {"resolution": locked.resolution, "reason": locked.reason}
    locked.state = ExceptionState.ASSIGNED if locked.assigned_to_id else ExceptionState.OPEN
    locked.resolved_at = locked.resolved_by = None
    locked.resolution = locked.reason = ""
    try:
        with transaction.atomic():
            locked.save(
                update_fields=["state", "resolved_at", "resolved_by", "resolution", "reason"]
            )
    except IntegrityError as error:
        raise NotPossible(_("Its row stands in the queue again already.")) from error
    audit.record(
        team=locked.wallet.team,
        actor=actor,
        action=Action.EXCEPTION_REOPENED,
        object=locked,
        before=before,
        reason=reason,
    )
