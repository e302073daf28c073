"""Reconciliations: asked for, done once at a time, resumed after a kill, and scheduled."""

import threading
from datetime import datetime, timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from ledger.models import Book, Match, Reconciliation, StatementRow
from ledger.models.runs import Step
from ledger.operations import reconciling
from ledger.tasks import reconcile
from ledger.tasks import tick as tick_task
from rentals.models import Rental
from tests.ledger.statements import (
    Killed,
    acted_on,
    cancelled,
    check,
    in_doubt,
    killed_before,
    live,
    reconciled,
    truth,
    with_book,
)
from tests.rentals.scene import Scene, SetScene
from tests.waiting import until


def queued(valkey: redis.Redis) -> int:
    return int(valkey.llen("bulk"))


def book_of(scene: Scene) -> Book:
    return Book.objects.get(pk=scene.account.pk)


def due(scene: Scene) -> list[int]:
    """The runs of this wallet that the tick hands out."""
    ours = Reconciliation.objects.filter(wallet=scene.account)
    handed_out = reconciling.tick(timezone.now())
    return [pk for pk in handed_out if ours.filter(pk=pk).exists()]


def test_asking_twice_is_one_run_and_two_nudges(scene: SetScene, valkey: redis.Redis) -> None:
    at = with_book(scene("smsgig"))
    before = queued(valkey)
    person = at.membership.user
    one = reconciling.ask(wallet=at.account, asked_by=person, now=timezone.now())
    two = reconciling.ask(wallet=at.account, asked_by=None, now=timezone.now())
    assert one == two and one.asked_by == person
    assert one.step == Step.WAITING
    assert queued(valkey) == before + 2
    reconcile(one.pk)
    one.refresh_from_db()
    assert one.step == Step.DONE
    asked = at.asked("/transactions")
    reconcile(one.pk)  # its second message
    assert at.asked("/transactions") == asked


def test_a_wallet_is_due_at_first_and_then_every_ten_minutes(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    (first,) = due(at)
    assert due(at) == [first]  # left lying: it is handed out again
    reconciling.reconcile(first)
    assert due(at) == []
    at.times.move(599)
    assert due(at) == []
    at.times.move(2)
    (second,) = due(at)
    assert second != first


def test_a_tick_starts_them_by_nudges(scene: SetScene, valkey: redis.Redis) -> None:
    at = with_book(scene("smsgig"))
    before = queued(valkey)
    tick_task()
    assert queued(valkey) > before
    assert Reconciliation.objects.filter(wallet=at.account, step=Step.WAITING).count() == 1


def test_an_archived_wallet_is_left_alone(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.account.archived_at = timezone.now()
    at.account.save(update_fields=["archived_at"])
    assert due(at) == []
    assert not Reconciliation.objects.filter(wallet=at.account).exists()


def test_a_wallet_without_a_statement_has_its_balance_compared(scene: SetScene) -> None:
    at = with_book(scene("smsvilla"))
    run = reconciled(at)
    assert (run.step, run.pages) == (Step.DONE, 0)
    assert at.account.snapshots.count() == 1
    assert at.asked("/transactions") == 0


def test_one_worker_at_a_time(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    run = reconciling.ask(wallet=at.account, asked_by=None, now=timezone.now())
    Book.objects.filter(pk=at.account.pk).update(
        reconciling_until=timezone.now() + timedelta(seconds=30)
    )
    assert reconciling.reconcile(run.pk) is False
    assert due(at) == []
    assert at.asked("/transactions") == 0
    at.times.move(31)
    assert due(at) == [run.pk]
    assert reconciling.reconcile(run.pk) is True
    assert book_of(at).reconciling_until is None


def test_many_workers_are_one_run(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    cancelled(at, at.rented())
    run = reconciling.ask(wallet=at.account, asked_by=None, now=timezone.now())
    at.fault("latency", endpoint="transactions", ms=300)
    done: list[bool] = []

    def work() -> None:
        try:
            done.append(reconciling.reconcile(run.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, False, True]
    assert at.asked("/transactions") == 1
    check(at)


def test_who_was_silent_for_too_long_lets_another_go_on(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    run = reconciling.ask(wallet=at.account, asked_by=None, now=timezone.now())
    lease = reconciling._Lease(at.account)
    assert lease.take(timezone.now())
    at.times.move(121)
    other = reconciling._Lease(at.account)
    assert other.take(timezone.now())
    with pytest.raises(reconciling.LeaseLost):
        lease.renew()
    lease.give_back()
    assert book_of(at).reconciling_until is not None  # it is the other's
    other.give_back()
    assert reconciling.reconcile(run.pk)


def test_a_step_that_takes_long_loses_no_lease(
    scene: SetScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where its worker dies, another goes on within a minute: the lease, and a tick."""
    tick_every = settings.CELERY_BEAT_SCHEDULE["reconcile"]["schedule"].run_every
    assert reconciling.LEASE + tick_every < timedelta(minutes=1)
    monkeypatch.setattr(reconciling, "BEAT", 0.02)
    at = with_book(scene("smsgig"))
    lease = reconciling._Lease(at.account)
    assert lease.take(timezone.now())
    for _ in range(3):
        at.times.move(40)
        until(lambda: _leased_until(at) > timezone.now() + timedelta(seconds=30), "it is renewed")
    assert not reconciling._Lease(at.account).take(timezone.now())
    lease.renew()
    with transaction.atomic():
        Book.objects.select_for_update().get(pk=at.account.pk)
        lease.renew()  # by a step that has locked the book, while the thread may want it, too
    lease.give_back()
    assert book_of(at).reconciling_until is None


def _leased_until(scene: Scene) -> datetime:
    leased = book_of(scene).reconciling_until
    assert leased is not None
    return leased


def test_killed_between_any_two_steps_it_ends_the_same(scene: SetScene) -> None:
    for statement in range(3, 1000, 23):
        at, doubt = _busy(scene)
        if not _killed(at, statement):
            assert statement > 100
            return
        at.times.move(180)
        (run,) = due(at)
        reconciling.reconcile(run)
        ended = Reconciliation.objects.get(pk=run)
        assert (ended.step, ended.problem, ended.complete) == (Step.DONE, "", True)
        acted_on(at, doubt)
        check(at)
        assert _told(at) == {"deposit": 1, "purchase": 3, "refund": 1}
        whose = truth(at)
        for row, transfer in live(at).items():
            assert transfer.external_id in ("", whose[row])
    raise AssertionError("a run never came to its end")


def _busy(scene: SetScene) -> tuple[Scene, Rental]:
    """Something of each kind: matched, landed, in doubt, deposited, and somebody else's."""
    at = with_book(scene("smsgig"))
    at.rented()
    cancelled(at, at.rented())
    at.times.move(1300)
    doubt = in_doubt(at, charged=True)
    at.times.move(1300)
    at.sandbox.top_up(at.wallet_id, 7)
    at.sandbox.buy_outside(at.wallet_id, service_code="telegram")
    return at, doubt


def _killed(scene: Scene, statement: int) -> bool:
    """Whether the run was killed before that statement; False where it has fewer."""
    run = reconciling.ask(wallet=scene.account, asked_by=None, now=timezone.now())
    try:
        with killed_before(statement):
            reconciling.reconcile(run.pk)
    except Killed:
        connection.close()
        return True
    return False


def _told(scene: Scene) -> dict[str, int]:
    found: dict[str, int] = {}
    for match in Match.objects.filter(row__wallet=scene.account, undone_at__isnull=True):
        kind = match.row.kind
        found[kind] = found.get(kind, 0) + 1
    assert StatementRow.objects.filter(wallet=scene.account).count() == 7
    return found
