"""Readings, rents and cancels at once book each cent once, and agree in the end.

Over HTTP against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

from accounts.models import ProviderAccount
from ledger.models import Refund, Snapshot
from ledger.operations.balance import positions, snapshots
from tests.ledger.together import together
from tests.ledger.watching import MINUTE, Watch, refunded
from tests.rentals import books


def test_two_readings_at_once_book_a_refund_once(villa: Watch) -> None:
    """Two are awaited and one has come: the second reading must not close the other for it."""
    villa.scene.fault("no-refund", times=1)
    refunded(villa, [])
    rentals = [villa.cancelled(), villa.cancelled()]
    Refund.objects.filter(wallet=villa.account).update(expected_min=500)
    villa.scene.times.move(MINUTE)
    account = villa.account
    before = positions.position(account.pk)
    assert before is not None
    readings = [snapshots._read(account, villa.scene.times.now()) for _ in range(4)]
    works = [lambda r=r: snapshots._act_on(account, r, before) for r in readings]
    together(*works)
    received = [villa.refund(rental).received for rental in rentals]
    assert received == [500, 0]
    assert villa.drift == 0
    kept = Snapshot.objects.filter(wallet=account)
    assert sorted(kept.values_list("explained", flat=True)) == [0, 0, 0, 500]


def test_readings_rents_and_cancels_at_once_agree_in_the_end(villa: Watch) -> None:
    scene = villa.scene
    cancelled = [villa.cancelled() for _ in range(3)]
    scene.times.move(MINUTE)

    def read() -> None:
        for _ in range(4):
            account = ProviderAccount.objects.get(pk=scene.account.pk)
            snapshots.read_and_explain(account, now=scene.times.now())

    def rent() -> None:
        for _ in range(4):
            scene.rented()

    together(read, read, rent, rent)
    for _ in range(3):
        villa.read(MINUTE)
    assert villa.drift == 0
    assert villa.exceptions() == []
    assert all(villa.refund(rental).received == 500 for rental in cancelled)
    books.assert_proved(villa.account)


def test_a_refund_booked_by_another_meanwhile_makes_the_reading_too_old(villa: Watch) -> None:
    rental = villa.cancelled()
    villa.scene.times.move(MINUTE)
    account = villa.account
    before = positions.position(account.pk)
    taken = snapshots._read(account, villa.scene.times.now())
    assert before is not None
    assert taken is not None
    villa.read()
    snapshot = snapshots._act_on(account, taken, before)
    assert (snapshot.explained, snapshot.quiet) == (0, False)
    assert villa.refund(rental).received == 500
    assert villa.drift == 0
