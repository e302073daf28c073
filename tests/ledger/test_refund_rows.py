"""Rows of refunds: whose they are, late, short, twice or of nobody here."""

from decimal import Decimal

import pytest
from django.utils import timezone

from ledger.models import Match, Refund, Transfer
from ledger.operations.refunds import land
from ledger.operations.statement import matches
from ledger.operations.statement.charges import claim_for
from ledger.states import (
    ExceptionKind,
    RefundCause,
    RefundState,
)
from rentals.states import RentalState
from tests.ledger.statements import (
    cancelled,
    check,
    kinds,
    lived,
    reconciled,
    snapshot_of,
    unresolved,
    with_book,
)
from tests.rentals.scene import SetScene


def test_a_refund_that_comes_late_closes_its_claim(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.fault("late-refund", seconds=8000)
    cancelled(at, at.rented())
    reconciled(at)
    claim = Refund.objects.get(wallet=at.account)
    assert claim.state in (RefundState.EXPECTED, RefundState.QUEUED)
    at.times.move(8100)
    assert reconciled(at).matched == 1
    claim.refresh_from_db()
    assert claim.state == RefundState.RECEIVED
    check(at)


def test_fewer_refunds_than_claims_close_the_oldest(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    made = [at.rented() for _ in range(3)]
    cancelled(at, made[0])
    at.fault("no-refund")
    at.times.move(2)
    cancelled(at, made[1])
    at.times.move(2)
    cancelled(at, made[2])
    reconciled(at)
    states = Refund.objects.filter(wallet=at.account).order_by("claimed_at")
    assert [claim.state == RefundState.RECEIVED for claim in states] == [True, False, False]
    check(at)


def test_a_refund_after_expiry_is_accepted_like_any_other(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    rental = at.rented()
    at.fault("expiry-refund", seconds=5)
    at.sandbox.expire("smsgig", int(rental.activation_id))
    at.times.move(30)
    reconciled(at)
    claim = Refund.objects.get(wallet=at.account)
    assert (claim.cause, claim.state) == (RefundCause.EXPIRED, RefundState.RECEIVED)
    assert claim.reference == f"rental:{rental.pk}"
    assert kinds(at) == []
    check(at)


@pytest.mark.parametrize("number", ["activation", "rental", "none"])
def test_a_refund_with_the_number_of_one_purchase_closes_no_claim_for_another(
    scene: SetScene, number: str
) -> None:
    """Its number says whose it is before it is known what such numbers mean."""
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    at.fault("no-refund", times=1)
    unpaid = cancelled(at, at.rented())
    at.times.move(700)
    ended = at.rented()
    at.fault("expiry-refund", seconds=5)
    at.sandbox.expire("smsgig", int(ended.activation_id))
    at.times.move(30)
    reconciled(at)
    got = dict(Refund.objects.filter(wallet=at.account).values_list("reference", "received"))
    if number == "none":  # nobody can tell: the oldest
        assert got == {f"rental:{unpaid.pk}": unpaid.charged}
    else:
        assert got == {f"rental:{unpaid.pk}": 0, f"rental:{ended.pk}": ended.charged}
    assert kinds(at) == []
    check(at)


@pytest.mark.parametrize("number", ["activation", "rental"])
def test_of_claims_that_are_alike_the_number_of_the_purchase_tells(
    scene: SetScene, number: str
) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    at.fault("no-refund", times=1)
    unpaid = cancelled(at, at.rented())
    at.times.move(5)
    paid = at.rented()
    at.fault("double-refund", seconds=4000, times=1)
    cancelled(at, paid)
    for _ in range(2):
        reconciled(at)
        at.times.move(4100)
    reconciled(at)
    got = dict(Refund.objects.filter(wallet=at.account).values_list("reference", "received"))
    assert got == {f"rental:{unpaid.pk}": 0, f"rental:{paid.pk}": paid.charged}
    (second,) = unresolved(at)
    assert (second.kind, second.amount) == (ExceptionKind.DOUBLE_REFUND, paid.charged)
    check(at)


def test_a_refund_of_somebody_elses_purchase_closes_no_claim(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.fault("no-refund")
    cancelled(at, at.rented())
    at.no_faults()
    at.times.move(1500)
    theirs = at.sandbox.buy_outside(at.wallet_id)
    at.times.move(60)
    at.sandbox.cancel(at.sandbox.activations.get(theirs.provider, theirs.id))
    reconciled(at)
    assert Refund.objects.get(wallet=at.account).received == 0
    assert kinds(at) == [ExceptionKind.OUTSIDE_PURCHASE, ExceptionKind.OUTSIDE_REFUND]
    check(at)


def test_a_short_refund_is_taken_where_the_time_or_the_number_proves_it(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    lived(at, 22)
    reconciled(at)
    at.fault("short-refund", percent=50)
    cancelled(at, at.rented())
    reconciled(at)
    claim = Refund.objects.filter(wallet=at.account).latest("claimed_at")
    assert (claim.state, claim.received) == (RefundState.SHORT_PAID, Decimal("0.29"))
    assert kinds(at) == [ExceptionKind.SHORT_REFUND]
    check(at)


def test_a_refund_is_of_the_price_that_the_statement_says(scene: SetScene) -> None:
    """The answer named another price than was charged: the claim follows the correction."""
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number="activation")
    lived(at, 22)
    reconciled(at)
    at.fault("other-price", percent=80)
    rental = cancelled(at, at.rented())
    at.times.move(60)
    reconciled(at)
    claim = Refund.objects.get(wallet=at.account, reference=f"rental:{rental.pk}")
    assert rental.charged is not None and rental.charged < claim.charged
    assert (claim.state, claim.received) == (RefundState.RECEIVED, claim.charged)
    assert kinds(at) == [ExceptionKind.AMOUNT_DIFFERS]
    check(at)
    (differing,) = Match.objects.filter(
        row__wallet=at.account, row__kind="purchase", transfer__reference=claim.reference
    )
    matches.undo(match=differing, actor=at.membership.user, reason="By mistake", now=timezone.now())
    claim.refresh_from_db()
    assert (claim.state, claim.charged) == (RefundState.OVER_PAID, rental.charged)


def test_a_refund_that_comes_twice_is_in_the_book_once(scene: SetScene) -> None:
    """Both rows are read together, and their number tells whose they are."""
    at = with_book(scene("smsgig"))
    lived(at, 22)
    reconciled(at)
    at.fault("double-refund", seconds=4)
    cancelled(at, at.rented())
    at.times.move(60)
    reconciled(at)
    claim = Refund.objects.filter(wallet=at.account).latest("claimed_at")
    assert (claim.state, claim.received) == (RefundState.OVER_PAID, claim.charged)
    (second,) = unresolved(at)
    assert (second.amount, second.kind) == (claim.charged, ExceptionKind.DOUBLE_REFUND)
    assert second.reference == claim.reference
    assert f"refund {claim.pk} for {claim.reference}" in second.detail
    check(at)
    before = snapshot_of(at)
    reconciled(at)
    assert snapshot_of(at) == before


@pytest.mark.parametrize("number", ["activation", "rental", "none"])
def test_whose_a_second_refund_is_needs_no_number_that_is_the_activation(
    scene: SetScene, number: str
) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    at.fault("double-refund", seconds=4)
    rental = cancelled(at, at.rented())
    at.times.move(60)
    reconciled(at)
    (second,) = unresolved(at)
    assert (second.kind, second.reference) == (
        ExceptionKind.DOUBLE_REFUND,
        f"rental:{rental.pk}",
    )
    check(at)


@pytest.mark.parametrize("number", ["activation", "none"])
def test_a_refund_beside_ours_may_be_somebody_elses(scene: SetScene, number: str) -> None:
    at = with_book(scene("smsgig"))
    at.fault("descriptions", number=number)
    theirs = at.sandbox.buy_outside(at.wallet_id)
    at.times.move(300)
    cancelled(at, at.rented())
    reconciled(at)
    at.sandbox.cancel(at.sandbox.activations.get(theirs.provider, theirs.id))
    reconciled(at)
    assert ExceptionKind.DOUBLE_REFUND not in kinds(at)
    assert ExceptionKind.OUTSIDE_REFUND in kinds(at)
    check(at)


def test_a_refund_that_came_before_its_claim_may_be_short_of_it(scene: SetScene) -> None:
    """A cancel was given up, its refund's row is matched, and only then is the cancel known."""
    gig = with_book(scene("smsgig"))
    rental = gig.rented()
    bought = Transfer.objects.get(key=f"rental:{rental.pk}:charge")
    early = Refund.objects.get(pk=claim_for(gig.account, bought, now=gig.times.now()))
    part = bought.amount / 2
    land(early, part, key="row:1:landed", occurred_at=gig.times.now(), now=gig.times.now())
    gig.fault("no-refund", times=1)
    assert cancelled(gig, rental).state == RentalState.CANCELLED
    early.refresh_from_db()
    assert (early.cause, early.state) == (RefundCause.CANCELLED, RefundState.SHORT_PAID)
    assert (early.expected_min, early.received) == (bought.amount, part)
    assert kinds(gig) == [ExceptionKind.SHORT_REFUND]
