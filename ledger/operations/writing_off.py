"""Finance gives a refund up, and may take that back. Money that comes later still counts."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import User
from ledger.models import ReconciliationException, Refund
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.resolving import close, open_again
from ledger.states import AWAITED, UNRESOLVED, ExceptionKind, RefundState, Resolution

GIVEN_UP_FROM = AWAITED | {RefundState.SHORT_PAID}


def write_off(*, refund: Refund, reason: str, actor: User, now: datetime) -> None:
    """Expect nothing more of it, and close its notice. Raises NotPossible, Decided.

    No money moves: what never came back is a cost of the rentals already.
    """
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    with transaction.atomic():
        locked = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
        if locked.state not in GIVEN_UP_FROM:
            words = {"state": locked.get_state_display()}
            raise Decided(_("It can’t be written off any more: %(state)s.") % words)
        before = {"state": locked.state, "received": str(locked.received)}
        locked.state = RefundState.WRITTEN_OFF
        locked.closed_by, locked.reason = actor, reason.strip()[:500]
        locked.save(update_fields=["state", "closed_by", "reason"])
        _close_notice(locked, actor, now)
        audit.record(
            team=refund.wallet.team,
            actor=actor,
            action=Action.REFUND_WRITTEN_OFF,
            object=locked,
            before=before,
            after={"missing": str(locked.expected_max - locked.received)},
            reason=locked.reason,
        )


def take_back(*, refund: Refund, reason: str, actor: User, now: datetime) -> None:
    """Expect what was written off again, and open its notice. Raises NotPossible, Decided."""
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    with transaction.atomic():
        locked = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
        if not locked.is_given_up:
            words = {"state": locked.get_state_display()}
            raise Decided(_("Nobody has written it off: %(state)s.") % words)
        before = {"state": locked.state, "reason": locked.reason}
        locked.state = locked.state_by_money if locked.received else RefundState.EXPECTED
        locked.closed_by, locked.reason = None, ""
        locked.save(update_fields=["state", "closed_by", "reason"])
        _open_notice(locked, reason, actor)
        audit.record(
            team=refund.wallet.team,
            actor=actor,
            action=Action.REFUND_AWAITED_AGAIN,
            object=locked,
            before=before,
            after={"state": locked.state},
            reason=reason.strip()[:500],
        )


def _open_notice(refund: Refund, reason: str, actor: User) -> None:
    if refund.state != RefundState.SHORT_PAID:
        return
    notices = ReconciliationException.objects.select_for_update(of=("self",)).filter(
        wallet=refund.wallet_id,
        kind=ExceptionKind.SHORT_REFUND,
        reference=refund.reference,
        resolution=Resolution.WRITE_OFF,
    )
    for notice in notices.select_related("wallet__team"):
        open_again(notice, reason=reason.strip()[:500], actor=actor)


def _close_notice(refund: Refund, actor: User, now: datetime) -> None:
    notices = ReconciliationException.objects.select_for_update(of=("self",)).filter(
        wallet=refund.wallet_id,
        kind=ExceptionKind.SHORT_REFUND,
        reference=refund.reference,
        state__in=UNRESOLVED,
    )
    for notice in notices.select_related("wallet__team"):
        close(notice, Resolution.WRITE_OFF, reason=refund.reason, actor=actor, now=now)
