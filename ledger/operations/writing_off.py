"""Finance gives a refund up. Money that comes later still counts."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import User
from ledger.models import ReconciliationException, Refund
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.resolving import close
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
            raise Decided(_("It can't be written off any more: %(state)s.") % words)
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


def _close_notice(refund: Refund, actor: User, now: datetime) -> None:
    notices = ReconciliationException.objects.select_for_update(of=("self",)).filter(
        wallet=refund.wallet_id,
        kind=ExceptionKind.SHORT_REFUND,
        reference=refund.reference,
        state__in=UNRESOLVED,
    )
    for notice in notices.select_related("wallet__team"):
        close(notice, Resolution.WRITE_OFF, reason=refund.reason, actor=actor, now=now)
