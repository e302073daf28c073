"""Rows of a statement and what they are, over a real sandbox."""

from decimal import Decimal

from ledger.models import Refund
from ledger.states import ExceptionKind, MatchPass, RefundState
from tests.ledger.statements import (
    cancelled,
    check,
    kinds,
    live,
    posted,
    reconciled,
    rows,
    snapshot_of,
    truth,
    unresolved,
    with_book,
)
from tests.rentals.scene import Scene, SetScene


def wrong(scene: Scene) -> list[str]:
    """The rows that are matched to what they are not."""
    whose = truth(scene)
    return [
        row for row, transfer in live(scene).items()
        if transfer.external_id and whose[row] != transfer.external_id
    ]


def test_a_rental_and_its_refund_are_matched(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    kept, given_up = at.rented(), at.rented()
    cancelled(at, given_up)
    run = reconciled(at)
    assert (run.step, run.problem, run.complete) == ("done", "", True)
    assert (run.matched, run.opened) == (3, 0)
    claim = Refund.objects.get(wallet=at.account)
    assert (claim.state, claim.received) == (RefundState.RECEIVED, claim.charged)
    assert claim.external_id == given_up.activation_id != kept.activation_id
    assert wrong(at) == []
    check(at)
    before = snapshot_of(at)
    assert reconciled(at).matched == 0
    assert snapshot_of(at) == before


def test_what_somebody_else_did_stands_before_a_person(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.rented()
    at.times.move(1200)
    at.sandbox.buy_outside(at.wallet_id, service_code="telegram")
    at.sandbox.top_up(at.wallet_id, 10)
    run = reconciled(at)
    assert (run.matched, run.opened) == (2, 1)
    assert kinds(at) == [ExceptionKind.OUTSIDE_PURCHASE]
    (exception,) = unresolved(at)
    assert exception.amount < 0 and exception.row is not None
    check(at)
