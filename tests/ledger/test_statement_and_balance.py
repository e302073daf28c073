"""Beside a complete statement the balance only compares; where it has gaps, it explains.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal

import pytest

from ledger.models import Reconciliation
from ledger.models.runs import Step
from ledger.operations.exceptions import Report, report
from ledger.states import (
    ExceptionKind,
    RefundState,
)
from tests.ledger.watching import MINUTE, Watch


def matched(watched: Watch, *, complete: bool = True, step: Step = Step.DONE) -> Reconciliation:
    """The wallet's statement was read and matched just now."""
    now = watched.scene.times.now()
    return Reconciliation.objects.create(
        wallet=watched.account,
        asked_at=now,
        started_at=now,
        finished_at=now,
        step=step,
        complete=complete,
    )


def test_while_the_statement_is_complete_the_balance_books_nothing(gig: Watch) -> None:
    matched(gig)
    rental = gig.cancelled()
    refund = gig.refund(rental)
    assert gig.drift == refund.charged
    for _ in range(4):
        snapshot = gig.read(MINUTE)
    assert (snapshot.drift, snapshot.explained) == (refund.charged, 0)
    assert gig.booked() == []
    assert gig.exceptions() == []
    assert gig.refund(rental).received == 0


def test_drift_that_a_complete_matching_leaves_stands_before_a_person(gig: Watch) -> None:
    matched(gig)
    gig.scene.sandbox.wallets.charge(
        gig.scene.wallet_id, 7_770, description="x", activation_id=None
    )
    gig.read(MINUTE)
    gig.read(MINUTE)
    assert gig.exceptions() == []
    matched(gig)
    gig.read(MINUTE)
    assert gig.exceptions() == [Decimal("-7.77")]
    assert gig.drift == 0


def test_before_a_statement_was_read_nothing_is_concluded(gig: Watch) -> None:
    matched(gig, step=Step.FAILED, complete=False)
    gig.scene.sandbox.top_up(gig.scene.wallet_id, 9)
    rental = gig.cancelled()
    for _ in range(4):
        assert gig.read(MINUTE).explained == 0
    assert gig.exceptions() == []
    assert gig.refund(rental).received == 0


@pytest.mark.parametrize("gap", ["incomplete", "reported"])
def test_where_the_statement_has_gaps_the_balance_explains(gig: Watch, gap: str) -> None:
    matched(gig, complete=gap != "incomplete")
    if gap == "reported":
        now = gig.scene.times.now()
        found = Report(key="gap", kind=ExceptionKind.STATEMENT_GAP, occurred_at=now)
        assert report(gig.account, found, now=now)
    rental = gig.cancelled()
    gig.read(MINUTE)
    assert gig.refund(rental).state == RefundState.RECEIVED
    assert gig.drift == 0
