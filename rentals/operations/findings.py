"""What reconciliation or a person proves about a rental is acted on: once, all of it or nothing."""

from datetime import datetime

from django.db import transaction

from ledger.models import Finding
from ledger.states import Evidence, FindingKind
from rentals import money
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations.transition import move
from rentals.states import RentalState

APPLIED, TOO_LATE = "applied", "too_late"
AT_ONCE = 500  # findings a sweep
CAUSES = {
    FindingKind.CHARGED: (Cause.CHARGE_PROVED, Cause.CHARGE_DECIDED),
    FindingKind.NOT_CHARGED: (Cause.NO_CHARGE_PROVED, Cause.NO_CHARGE_DECIDED),
}


def waiting() -> list[int]:
    """The findings that nobody has acted on, oldest first."""
    open_ones = Finding.objects.filter(consumed_at__isnull=True, reference__startswith=money.PREFIX)
    return list(open_ones.order_by("found_at").values_list("pk", flat=True)[:AT_ONCE])


def consume(finding_id: int, *, now: datetime) -> bool:
    """Book what the finding proves, move its rental and close the finding, in one transaction.

    Returns whether the rental moved. A finding that the rental has overtaken is closed as too
    late; one about a rental that is still being answered waits.
    """
    with transaction.atomic():
        rental = _locked_rental(finding_id)
        finding = Finding.objects.select_for_update().get(pk=finding_id)
        if finding.consumed_at is not None:
            return False
        if rental is not None and rental.state == RentalState.REQUESTED:
            return False
        moved = rental is not None and _apply(rental, finding, now)
        close(finding, APPLIED if moved else TOO_LATE, now=now)
    return moved


def close(finding: Finding, consumed: str, *, now: datetime) -> None:
    finding.consumed_at, finding.consumed = now, consumed
    finding.save(update_fields=["consumed_at", "consumed"])


def _locked_rental(finding_id: int) -> Rental | None:
    """The rental first, then whatever is about it: everybody locks in this order."""
    named = Finding.objects.only("reference", "wallet_id").get(pk=finding_id)
    rentals = Rental.objects.select_for_update().filter(account=named.wallet_id)
    return rentals.filter(pk=money.rental_of(named.reference) or 0).first()


def _apply(rental: Rental, finding: Finding, now: datetime) -> bool:
    if finding.kind == FindingKind.CHARGED:
        return _lose(rental, finding, now)
    return _refuse(rental, finding, now)


def _lose(rental: Rental, finding: Finding, now: datetime) -> bool:
    """It was charged. Where it was taken for refused, it is charged all the same, and flagged."""
    amount = rental.price if finding.amount is None else finding.amount
    moved = move(
        rental.pk,
        frm={RentalState.IN_DOUBT, RentalState.REFUSED},
        to=RentalState.LOST,
        cause=_cause(finding),
        now=now,
        actor=finding.actor,
        note=finding.note,
        fields=money.charged(amount),
    )
    if moved is None:
        return False
    money.book_charge(moved, occurred_at=finding.occurred_at or now, now=now)
    money.claim_lost(moved, now=now)
    return True


def _refuse(rental: Rental, finding: Finding, now: datetime) -> bool:
    moved = move(
        rental.pk,
        frm={RentalState.IN_DOUBT},
        to=RentalState.REFUSED,
        cause=_cause(finding),
        now=now,
        actor=finding.actor,
        note=finding.note,
        fields=money.RELEASED,
    )
    if moved is None:
        return False
    money.book_release(moved, now=now)
    return True


def _cause(finding: Finding) -> Cause:
    proved, decided = CAUSES[FindingKind(finding.kind)]
    return decided if finding.evidence == Evidence.PERSON else proved
