"""A statement is read over HTTP, as badly as a server may give it, and kept once and whole."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from ledger import book
from ledger.models import Book, ReconciliationException, RowVersion, StatementRow
from ledger.models.runs import Step
from ledger.operations.resolving import resolve
from ledger.operations.statement.rows import keep_changes, keep_new, reading
from ledger.states import ExceptionKind, ExceptionState, Resolution
from providers.values import Transaction
from rentals.states import RentalState
from tests.ledger.statements import (
    acted_on,
    check,
    in_doubt,
    kinds,
    posted,
    reconciled,
    rows,
    snapshot_of,
    unresolved,
    with_book,
)
from tests.rentals.scene import Scene, SetScene


def ids(scene: Scene) -> set[str]:
    return {row.provider_id for row in StatementRow.objects.filter(wallet=scene.account)}


def true_ids(scene: Scene) -> set[str]:
    found = scene.sandbox.store.rows("SELECT id FROM entry WHERE wallet_id = ?", scene.wallet_id)
    return {str(row["id"]) for row in found}


def bought_outside(scene: Scene, times: int) -> None:
    for _ in range(times):
        scene.sandbox.buy_outside(scene.wallet_id)


def test_rows_that_shift_while_they_are_read_are_kept_once(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    bought_outside(at, 23)
    at.fault("small-pages", rows=5)
    at.fault("pages-shift", times=4)
    run = reconciled(at)
    assert (run.step, run.complete) == (Step.DONE, True)
    assert ids(at) == true_ids(at)
    assert len(ids(at)) == 1 + 23 + 4
    check(at)


@pytest.mark.parametrize(
    "fault", ["rows-shuffled", "numbers-as-text", "signed-amounts", "unix-times"]
)
def test_rows_in_another_order_or_written_otherwise_are_the_same_rows(
    scene: SetScene, fault: str
) -> None:
    at = with_book(scene("smsgig"))
    bought_outside(at, 7)
    reconciled(at)
    before = snapshot_of(at)
    at.fault(fault, endpoint="transactions")
    at.times.move(86_401)  # all of it is read again
    run = reconciled(at)
    assert (run.step, run.problem, run.complete, run.rows_new) == (Step.DONE, "", True, 0)
    assert snapshot_of(at) == before


def test_what_is_known_is_not_read_again(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.fault("small-pages", rows=5)
    bought_outside(at, 30)
    reconciled(at)
    asked = at.asked("/transactions")
    assert asked >= 6
    bought_outside(at, 2)
    assert reconciled(at).rows_new == 2
    assert at.asked("/transactions") == asked + 1
    at.times.move(86_401)
    reconciled(at)
    assert at.asked("/transactions") >= asked + 1 + 7


def test_a_server_that_takes_no_page_leaves_a_gap_that_is_told_of_once(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    bought_outside(at, 12)
    at.fault("small-pages", rows=5)
    at.fault("ignore-page")
    for _ in range(2):
        run = reconciled(at)
        assert (run.step, run.complete, run.rows_total) == (Step.DONE, False, 13)
        assert len(ids(at)) == 6  # five of all, and the deposit by its type
    assert kinds(at).count(ExceptionKind.STATEMENT_GAP) == 1
    at.no_faults()
    assert reconciled(at).complete
    assert ExceptionKind.STATEMENT_GAP not in kinds(at)
    check(at)


def test_a_count_that_is_wrong_is_seen_through_by_the_balance(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    bought_outside(at, 7)
    at.fault("count-wrong", rows=4)
    at.times.move(60)
    run = reconciled(at)
    assert (run.step, run.complete, len(ids(at))) == (Step.DONE, False, 8)
    gap = ReconciliationException.objects.get(wallet=at.account, kind=ExceptionKind.STATEMENT_GAP)
    assert gap.state == ExceptionState.OPEN
    at.times.move(600)
    for _ in range(2):  # the balance that was read meanwhile is what the rows say
        assert reconciled(at).complete
        assert ExceptionKind.STATEMENT_GAP not in kinds(at)
    gap.refresh_from_db()
    assert gap.resolved_by is None and "4 rows more" in gap.reason
    doubt = in_doubt(at, charged=False)
    at.times.move(1200)
    reconciled(at)
    acted_on(at, doubt)
    assert doubt.state == RentalState.IN_DOUBT  # the rows add up to a balance from before it
    reconciled(at)
    acted_on(at, doubt)
    assert doubt.state == RentalState.REFUSED
    check(at)


def test_a_count_that_may_be_right_is_a_gap_until_a_person_says_otherwise(
    scene: SetScene,
) -> None:
    """The balance moves beside the rows: what the provider counts may well be missing."""
    at = with_book(scene("smsgig"))
    bought_outside(at, 7)
    at.fault("row-gone", row=1)
    at.fault("count-wrong", rows=1)
    for _ in range(3):
        at.times.move(60)
        assert not reconciled(at).complete
        assert kinds(at).count(ExceptionKind.STATEMENT_GAP) == 1
    (gap,) = [each for each in unresolved(at) if each.kind == ExceptionKind.STATEMENT_GAP]
    resolve(
        exception=gap,
        outcome=Resolution.NOTED,
        reason="They counted wrongly.",
        actor=at.membership.user,
        now=timezone.now(),
    )
    assert not reconciled(at).complete
    assert ExceptionKind.STATEMENT_GAP not in kinds(at)  # it is the same that was put aside
    at.fault("count-wrong", rows=3)
    assert not reconciled(at).complete
    assert kinds(at).count(ExceptionKind.STATEMENT_GAP) == 1


def test_a_row_that_reads_otherwise_later_is_kept_and_told_of(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    bought_outside(at, 3)
    reconciled(at)
    before = posted(at)
    at.fault("row-changed", row=0, reading="amount")
    for _ in range(2):
        reconciled(at)
    version = RowVersion.objects.get(row__wallet=at.account)
    assert version.amount != version.row.amount
    (change,) = [each for each in unresolved(at) if each.kind == ExceptionKind.CHANGED_ROW]
    assert change.amount == version.row.amount - version.amount
    assert posted(at) == before + change.amount
    at.no_faults()
    reconciled(at)  # and back again
    assert RowVersion.objects.filter(row__wallet=at.account).count() == 2
    assert posted(at) == before


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ("amount", r"read “purchase 0\.58” and reads “purchase 1\.58” now"),
        ("time", r"read “purchase 0\.58 .+ UTC” and reads “purchase 0\.58 .+ UTC” now"),
        ("description", r"read “purchase 0\.58 .+” and reads “purchase 0\.58 .+” now"),
    ],
)
def test_what_a_row_reads_otherwise_is_said(scene: SetScene, reading: str, told: str) -> None:
    at = with_book(scene("smsgig"))
    bought_outside(at, 1)
    reconciled(at)
    at.fault("row-changed", row=0, reading=reading)
    reconciled(at)
    (change,) = [each for each in unresolved(at) if each.kind == ExceptionKind.CHANGED_ROW]
    assert re.search(told, change.detail), change.detail
    before, now = re.findall("“(.+?)”", change.detail)
    assert before != now


def test_a_time_told_without_its_fraction_of_a_second_is_no_change(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    told = timezone.now().replace(microsecond=746136)
    first = Transaction("9000001", "purchase", Decimal("0.58"), "WhatsApp rental", told)
    keep_new(at.account, [reading(first)], before=False, now=timezone.now())
    kept = {first.id: StatementRow.objects.get(wallet=at.account)}
    again = reading(replace(first, created_at=told.replace(microsecond=0)))
    assert keep_changes(at.account, [again], kept, now=timezone.now()) == 0
    assert unresolved(at) == []


def test_a_row_that_is_gone_is_told_of_once(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    bought_outside(at, 3)
    reconciled(at)
    before = posted(at)
    at.fault("row-gone", row=1)
    for _ in range(2):
        assert reconciled(at).complete
    assert kinds(at).count(ExceptionKind.VANISHED_ROW) == 1
    assert posted(at) == before
    assert len(ids(at)) == 4


@pytest.mark.parametrize(
    ("fault", "options", "soonest"),
    [
        ("too-many-requests", {"retry_after": 90}, 80),
        ("error", {"status": 500}, 50),
        ("garbage", {}, 50),
        ("cut", {}, 50),
    ],
)
def test_a_read_that_fails_halfway_keeps_what_it_has(
    scene: SetScene, fault: str, options: dict[str, int], soonest: int
) -> None:
    at = with_book(scene("smsgig"))
    bought_outside(at, 9)
    at.fault("small-pages", rows=4)
    at.fault(fault, endpoint="transactions", times=1, **options)
    run = reconciled(at)
    assert run.step == Step.FAILED
    assert run.problem
    assert run.finished_at is not None
    again = Book.objects.get(pk=at.account.pk)
    assert again.reconciling_until is None
    assert again.reconcile_at is not None
    assert timedelta(seconds=soonest) <= again.reconcile_at - timezone.now() < timedelta(minutes=3)
    assert unresolved(at) == []  # nothing is concluded from half a statement
    at.times.move(120)
    at.account.refresh_from_db()
    assert reconciled(at).step == Step.DONE
    assert ids(at) == true_ids(at)
    check(at)


def test_a_key_that_is_refused_is_said_in_words(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    (key,) = at.sandbox.wallets.keys(at.wallet_id)
    at.sandbox.wallets.revoke_key(key.id)
    run = reconciled(at)
    assert (run.step, run.problem) == (
        Step.FAILED,
        "The provider does not accept the key. Replace it.",
    )
    assert rows(at) == []


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_rows_of_the_second_of_the_cut_over_are_told_apart_by_the_balance(
    scene: SetScene, before: int
) -> None:
    at = scene("smsgig")
    at.times.move(10)
    bought_outside(at, before)
    held = at.wallet.balance
    now = timezone.now().replace(microsecond=0)
    bought_outside(at, 3 - before)
    book.open_book(at.account, balance=held, cut_over_at=now)
    reconciled(at)
    assert len(rows(at)) == 3 - before
    check(at)


@pytest.mark.parametrize("read_before", [True, False])
def test_a_row_whose_time_is_wrong_is_not_from_before_the_cut_over(
    scene: SetScene, read_before: bool
) -> None:
    """It reads five minutes earlier than it was; its id and the opening balance say otherwise."""
    at = scene("smsgig")
    bought_outside(at, 2)
    at.times.move(120)
    bought_outside(at, 1)
    at.times.move(10)
    with_book(at)
    if read_before:
        reconciled(at)
    bought_outside(at, 2)
    at.fault("row-changed", row=0, reading="time", times=1)
    reconciled(at)
    assert len(rows(at)) == 2
    assert StatementRow.objects.filter(wallet=at.account, before_cut_over=True).count() == 4
    check(at)


def test_an_old_wallet_begins_with_what_it_held(scene: SetScene) -> None:
    at = scene("smsgig")
    bought_outside(at, 4)
    at.times.move(3600)
    with_book(at)
    bought_outside(at, 1)
    run = reconciled(at)
    assert (run.rows_new, len(rows(at))) == (6, 1)
    assert StatementRow.objects.filter(wallet=at.account, before_cut_over=True).count() == 5
    check(at)
    assert posted(at) == at.wallet.balance != Decimal(0)
