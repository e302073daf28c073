"""A balance is read, stands beside the book, and is read again as often as it is worth it.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

from datetime import timedelta

import pytest
from django.db import transaction

from ledger import book
from ledger.models import Snapshot
from ledger.operations.balance import snapshots
from ledger.operations.statement import pacing
from ledger.states import (
    AccountKind,
)
from rentals.operations import wallet as reading
from tests.ledger.watching import MINUTE, Watch, watch
from tests.rentals.scene import Scene
from tests.rentals.times import Times


def test_a_reading_stands_beside_the_book_and_on_the_account(each: Scene) -> None:
    watched = watch(each)
    snapshot = watched.read()
    assert (snapshot.provider, snapshot.ledger, snapshot.drift) == (each.wallet.balance,) * 2 + (0,)
    assert snapshot.asked_at <= snapshot.answered_at
    account = watched.account
    assert (account.balance, account.balance_read_at) == (snapshot.provider, snapshot.answered_at)


def test_a_rental_is_booked_by_its_own_answer_and_leaves_no_drift(each: Scene) -> None:
    watched = watch(each)
    watched.rented()
    snapshot = watched.read(MINUTE)
    assert (snapshot.drift, snapshot.quiet) == (0, True)
    assert watched.booked() == []


def test_a_wallet_from_before_there_were_books_begins_with_the_first_reading(each: Scene) -> None:
    watched = Watch(each)
    assert watched.read().drift == 0
    assert watched.book.posted == each.wallet.balance == watched.net(AccountKind.WALLET)


@pytest.mark.parametrize("fault", ["error", "garbage"])
def test_a_balance_that_can_not_be_read_concludes_nothing(villa: Watch, fault: str) -> None:
    villa.scene.fault(fault, endpoint="balance")
    before = villa.account.balance_read_at
    assert snapshots.read_and_explain(villa.account, now=villa.scene.times.now()) is None
    assert not Snapshot.objects.filter(wallet=villa.account).exists()
    assert villa.account.balance_read_at == before


def test_no_balance_is_asked_for_inside_a_transaction(villa: Watch) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        snapshots.read_and_explain(villa.account, now=villa.scene.times.now())
    assert villa.scene.asked("/balance") == 0


def test_a_balance_is_read_every_minute_while_a_refund_is_young(villa: Watch, times: Times) -> None:
    villa.scene.fault("no-refund")
    villa.cancelled()
    villa.read()
    pk = villa.account.pk
    assert pk not in pacing.wallets_due(times.move(45))
    assert pk in pacing.wallets_due(times.move(20))
    assert pk in reading.accounts_with_moved_wallets(times.now())
    villa.read(2 * 3600)
    assert pk not in pacing.wallets_due(times.move(10 * MINUTE))
    assert pk in pacing.wallets_due(times.move(6 * MINUTE))


def test_a_balance_with_nothing_to_tell_is_not_due(villa: Watch, gig: Watch, times: Times) -> None:
    for watched in (villa, gig):
        watched.read()
    gig.scene.fault("no-refund")
    gig.cancelled()
    due = pacing.wallets_due(times.move(3600))
    assert not {villa.account.pk, gig.account.pk} & set(due)


def test_a_change_without_an_explanation_is_looked_at_again_soon(
    villa: Watch, times: Times
) -> None:
    villa.scene.sandbox.top_up(villa.scene.wallet_id, 5)
    villa.read()
    assert villa.account.pk in pacing.wallets_due(times.move(31))


def test_the_reads_of_a_day_last_for_the_day(villa: Watch, times: Times) -> None:
    assert pacing.shortest_pause(villa.account, times.now()) == timedelta(seconds=30)
    for _ in range(110):
        villa.scene.times.move(31)
        snapshots.read_and_explain(villa.account, now=times.now())
    assert pacing.shortest_pause(villa.account, times.now()) == timedelta(minutes=5)


def test_the_top_bar_and_the_book_are_of_the_same_reading(each: Scene, times: Times) -> None:
    watched = watch(each)
    times.move(MINUTE)
    assert reading.read_balance(account=watched.account)
    snapshot = Snapshot.objects.filter(wallet=watched.account).get()
    assert (watched.account.balance, watched.account.balance_read_at) == (
        snapshot.provider,
        snapshot.answered_at,
    )
    assert not reading.read_balance(account=watched.account)
    assert book.wallet_balance(watched.account.pk).posted == snapshot.provider  # type: ignore[union-attr]
