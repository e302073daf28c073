"""Finance ends a doubt, with a reason and a name to it."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import User
from ledger.book import MonthClosed
from ledger.models import Finding
from ledger.operations.findings import find
from ledger.states import Evidence, FindingKind
from rentals import money
from rentals.causes import Cause
from rentals.deadlines import TTL_UNTOLD
from rentals.models import Rental
from rentals.operations import findings
from rentals.operations.beginning import ActivationTaken, Charge, begin
from rentals.operations.errors import NotPossible
from rentals.states import RentalState

ACTIVATION = re.compile(r"[!-~]{1,64}")


def decide_doubt(
    *,
    rental: Rental,
    outcome: FindingKind,
    amount: Decimal | None = None,
    activation_id: str = "",
    reason: str,
    actor: User,
    now: datetime,
) -> None:
    """Say whether a rental in doubt was charged, and how much. Raises NotPossible.

    With the `activation_id` that the provider shows for it, it goes on to wait for its SMS. It is
    written down as a finding and in the audit log, and acted on at once.
    """
    _check(outcome, amount, activation_id, reason)
    try:
        with transaction.atomic():
            locked = _locked_doubt(rental)
            finding = _find(locked, outcome, amount, reason, actor, now)
            _write_down(locked, finding, activation_id, actor)
            if activation_id:
                _name(locked, finding, activation_id, now)
            else:
                findings.consume(finding.pk, now=now)
    except ActivationTaken as taken:
        raise NotPossible(_("Another rental has this activation.")) from taken
    except MonthClosed as closed:
        raise NotPossible(_("This month is closed: nothing can be booked in it.")) from closed


def _check(outcome: FindingKind, amount: Decimal | None, activation_id: str, reason: str) -> None:
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    if outcome == FindingKind.CHARGED and (amount is None or amount <= 0):
        raise NotPossible(_("Say how much was charged."))
    if outcome == FindingKind.NOT_CHARGED and activation_id:
        raise NotPossible(_("A rental that has an activation was charged."))
    if activation_id and not ACTIVATION.fullmatch(activation_id):
        raise NotPossible(_("This is no activation: copy it from the provider."))


def _locked_doubt(rental: Rental) -> Rental:
    """The rental, locked, if its outcome is still open and nothing that is proved waits for it."""
    locked = Rental.objects.select_for_update(of=("self",)).select_related("account__team")
    doubt = locked.filter(pk=rental.pk, state=RentalState.IN_DOUBT).first()
    if doubt is None:
        raise NotPossible(_("This rental is not in doubt any more."))
    proved = Finding.objects.filter(
        wallet=doubt.account, reference=money.reference(doubt.pk), consumed_at__isnull=True
    )
    if proved.exists():
        raise NotPossible(_("The provider’s own records have just told it. Look again."))
    return doubt


def _find(
    rental: Rental,
    outcome: FindingKind,
    amount: Decimal | None,
    reason: str,
    actor: User,
    now: datetime,
) -> Finding:
    was_charged = outcome == FindingKind.CHARGED
    return find(
        wallet=rental.account,
        reference=money.reference(rental.pk),
        kind=outcome,
        evidence=Evidence.PERSON,
        amount=amount if was_charged else None,
        occurred_at=rental.sent_at if was_charged else None,
        actor=actor,
        note=reason.strip(),
        now=now,
    )


def _write_down(rental: Rental, finding: Finding, activation_id: str, actor: User) -> None:
    audit.record(
        team=rental.team,
        actor=actor,
        action=Action.DOUBT_DECIDED,
        object=rental,
        before={"state": rental.state},
        after={
            "outcome": finding.kind,
            "amount": None if finding.amount is None else str(finding.amount),
            "currency": rental.currency,
            "activation": activation_id,
        },
        reason=finding.note,
    )


def _name(rental: Rental, finding: Finding, activation_id: str, now: datetime) -> None:
    """Let it wait for its SMS, charged as any other rental."""
    started = rental.sent_at or rental.requested_at
    ttl = rental.ttl or TTL_UNTOLD
    learned = {
        "activation_id": activation_id,
        "ttl": ttl,
        "started_at": started,
        "expires_at": started + timedelta(seconds=ttl),
        "next_poll_at": now,
    }
    begin(
        rental.pk,
        learned,
        Charge(finding.amount, started),
        cause=Cause.NUMBER_DECIDED,
        now=now,
        actor=finding.actor,
        note=finding.note,
    )
    findings.close(finding, findings.APPLIED, now=now)
