"""Rentals in doubt that a statement decides, or does not."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from ledger.models import Finding, StatementRow
from ledger.operations.resolving import resolve
from ledger.operations.statement.matching import match_wallet
from ledger.operations.statement.rows import keep_changes, keep_new, reading
from ledger.states import (
    ExceptionKind,
    FindingKind,
    Resolution,
)
from providers.values import Transaction
from rentals.states import RentalState
from tests.ledger.statements import (
    acted_on,
    check,
    in_doubt,
    kinds,
    reconciled,
    unresolved,
    with_book,
)
from tests.rentals.scene import Scene, SetScene


@pytest.mark.parametrize("charged", [True, False])
def test_a_doubt_ends_by_the_statement(scene: SetScene, charged: bool) -> None:
    at = with_book(scene("smsgig"))
    doubt = in_doubt(at, charged=charged)
    assert doubt.state == RentalState.IN_DOUBT
    reconciled(at)
    assert not Finding.objects.filter(wallet=at.account).exists()  # its answer may still come
    at.times.move(1200)
    reconciled(at)
    finding = Finding.objects.get(wallet=at.account)
    assert finding.kind == (FindingKind.CHARGED if charged else FindingKind.NOT_CHARGED)
    acted_on(at, doubt)
    assert doubt.state == (RentalState.LOST if charged else RentalState.REFUSED)
    reconciled(at)
    assert Finding.objects.filter(wallet=at.account).count() == 1
    assert kinds(at) == []
    check(at)


def test_a_doubt_beside_an_unexplained_purchase_stays_one(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    in_doubt(at, charged=False)
    for _ in range(2):
        at.sandbox.buy_outside(at.wallet_id)
    at.times.move(1200)
    reconciled(at)
    assert not Finding.objects.filter(wallet=at.account).exists()
    assert kinds(at) == [ExceptionKind.OUTSIDE_PURCHASE] * 2


@pytest.mark.parametrize(
    ("from_doubt", "learned", "ends"),
    [
        (-120, False, False),
        (-120, True, True),  # rows do not come before what they are of
        (-8, True, True),
        (-2, True, False),
        (200, True, False),  # sent late, and dealt with slowly: it may be this one
        (235, True, False),
        (260, True, True),
        (260, False, False),
        (580, False, False),
        (620, False, True),
    ],
)
def test_a_doubt_beside_an_unexplained_row_ends_when_that_can_not_be_it(
    scene: SetScene, from_doubt: float, learned: bool, ends: bool
) -> None:
    at = with_book(scene("smsgig"))
    if learned:
        for _ in range(12):
            at.rented()
            at.times.move(700)
        reconciled(at)
        at.times.move(700)
    if from_doubt < 0:
        outside_twice(at)
        at.times.move(-from_doubt)
    doubt = in_doubt(at, charged=False)
    if from_doubt > 0:
        at.times.move(from_doubt)
        outside_twice(at)
    at.times.move(1200)
    reconciled(at)
    acted_on(at, doubt)
    assert doubt.state == (RentalState.REFUSED if ends else RentalState.IN_DOUBT)
    check(at)


@pytest.mark.parametrize(("learned", "behind"), [(False, False), (True, False), (True, True)])
def test_a_doubt_is_not_ended_by_a_clock_that_is_hours_from_ours(
    scene: SetScene, learned: bool, behind: bool
) -> None:
    """It was charged, and its row is hours from where it would be looked for."""
    at = with_book(scene("smsgig"))
    at.fault("other-zone", minutes=180, behind=behind)
    at.times.move(4 * 3600)  # what comes now is from after the book began, by that clock too
    if learned:
        for _ in range(12):
            at.rented()
            at.times.move(40)
        at.times.move(700)
        reconciled(at)
    doubt = in_doubt(at, charged=True)
    at.times.move(1200)
    reconciled(at)
    acted_on(at, doubt)
    assert doubt.state == RentalState.IN_DOUBT
    assert ExceptionKind.OUTSIDE_PURCHASE in kinds(at)  # a person sees the two, and decides


def outside_twice(scene: Scene) -> None:
    """Two, so that neither is taken for a rental in doubt beside them."""
    for _ in range(2):
        scene.sandbox.buy_outside(scene.wallet_id)


def test_a_row_whose_time_nobody_told_may_be_a_doubts_however_late_it_was_seen(
    scene: SetScene,
) -> None:
    at = with_book(scene("smsgig"))
    for _ in range(12):
        at.rented()
        at.times.move(700)
    reconciled(at)
    doubt = in_doubt(at, charged=False)
    at.times.move(1200)
    now = timezone.now()
    untold = Transaction("9000001", "purchase", Decimal("0.58"), "WhatsApp rental", None)
    keep_new(at.account, [reading(untold)], before=False, now=now)
    match_wallet(at.account, now=now, read_at=now)
    acted_on(at, doubt)
    assert doubt.state == RentalState.IN_DOUBT


def test_a_row_written_anew_may_be_a_doubts_until_a_person_has_looked_at_it(
    scene: SetScene,
) -> None:
    """It read as from before the book, and reads as of the time of the doubt now."""
    at = with_book(scene("smsgig"))
    doubt = in_doubt(at, charged=False)
    assert doubt.sent_at is not None
    before = doubt.sent_at - timedelta(days=1)
    first = Transaction("9000001", "purchase", Decimal("0.58"), "WhatsApp rental", before)
    keep_new(at.account, [reading(first)], before=True, now=timezone.now())
    again = reading(replace(first, created_at=doubt.sent_at))
    kept = {first.id: StatementRow.objects.get(wallet=at.account)}
    keep_changes(at.account, [again], kept, now=timezone.now())
    at.times.move(1200)
    now = timezone.now()
    match_wallet(at.account, now=now, read_at=now)
    assert acted_on(at, doubt).state == RentalState.IN_DOUBT
    (changed,) = unresolved(at)
    resolve(
        exception=changed,
        outcome=Resolution.NOTED,
        reason="It is of another wallet",
        actor=at.membership.user,
        now=now,
    )
    match_wallet(at.account, now=now, read_at=now)
    assert acted_on(at, doubt).state == RentalState.REFUSED


def test_a_doubt_is_not_ended_by_a_statement_with_a_gap(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    doubt = in_doubt(at, charged=False)
    at.times.move(1200)
    for _ in range(4):
        at.sandbox.buy_outside(at.wallet_id, service_code="telegram")
    at.fault("small-pages", rows=2)
    at.fault("ignore-page")
    assert not reconciled(at).complete
    found = Finding.objects.filter(wallet=at.account, evidence="statement")
    assert not found.exists()
    assert doubt.state == RentalState.IN_DOUBT
