"""Random histories of a wallet: whatever happens, nothing is ever booked that did not happen.

The sandbox's own books are the truth. What is alike in money is interchangeable, so the truth is
compared as counts of amounts. Each history is named by its seed.
"""

import random
from collections import Counter
from decimal import Decimal
from typing import Final

import pytest

from ledger.models import Finding, Reconciliation, Refund, Transfer
from ledger.models.runs import Step
from ledger.states import Evidence, FindingKind, TransferKind
from rentals.models import Rental
from tests.ledger.watching import MINUTE, Watch, watch
from tests.rentals import books
from tests.rentals.scene import SetScene

PRICES: Final = (350, 500, 600)
ELSEWHERE: Final = "telegram"  # what somebody else buys
ODD: Final = 777_770  # thousandths: a price that no sum here makes, or it could not be told apart
STEPS: Final = 16
REFUNDS: Final[tuple[tuple[str, dict[str, int]], ...]] = (
    ("pro-rata-refund", {}),
    ("short-refund", {"percent": 80}),
    ("no-refund", {}),
    ("late-refund", {"seconds": 900}),
    ("late-refund", {"seconds": 4000}),
)

type Pairs = Counter[tuple[Decimal, Decimal]]


class History:
    def __init__(self, watched: Watch, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.watched = watched
        self.waiting: list[Rental] = []
        self.doubtful: list[tuple[Rental, bool]] = []

    def step(self) -> None:
        # Of all that happens to a wallet, rentals most.
        steps = (self.rent, self.rent, self.cancel, self.cancel, self.doubt, self.elsewhere)
        self.chance.choice((*steps, self.top_up, self.change_refunds, self.wait))()
        if self.chance.random() < 0.7:
            self.read(self.chance.choice((5, 25, MINUTE, 3 * MINUTE)))

    def read(self, after: float) -> None:
        self.watched.read(after)
        self.check()

    def rent(self) -> None:
        self.waiting.append(self.watched.rented(self.chance.choice(PRICES)))

    def cancel(self) -> None:
        if self.waiting:
            rental = self.waiting.pop(self.chance.randrange(len(self.waiting)))
            rental.refresh_from_db()
            if rental.can_cancel:
                self.watched.cancel(rental)

    def doubt(self) -> None:
        charged = self.chance.random() < 0.5
        price = self.chance.choice(PRICES)
        self.doubtful.append((self.watched.doubtful(charged=charged, price=price), charged))

    def elsewhere(self) -> None:
        """Not in the same minute as our own: then no reading could ever tell it apart."""
        self.read(MINUTE)
        scene = self.watched.scene
        scene.sandbox.catalogue.change(scene.provider, ELSEWHERE, price=ODD)
        scene.sandbox.buy_outside(scene.wallet_id, service_code=ELSEWHERE)
        self.read(1)

    def top_up(self) -> None:
        self.read(MINUTE)
        amount = Decimal(self.chance.randrange(2_000_000, 3_000_000)) / 100
        self.watched.scene.sandbox.top_up(self.watched.scene.wallet_id, amount)
        self.read(1)

    def change_refunds(self) -> None:
        self.watched.scene.no_faults()
        if self.chance.random() < 0.7:
            name, options = self.chance.choice(REFUNDS)
            self.watched.scene.fault(name, **options)

    def wait(self) -> None:
        self.watched.scene.times.move(self.chance.choice((30, 200, 700)))

    # The truth

    def check(self) -> None:
        assert self.refunds_booked() <= self.refunds_paid()
        charged = Counter(rental.price for rental, was_charged in self.doubtful if was_charged)
        free = Counter(rental.price for rental, was_charged in self.doubtful if not was_charged)
        assert self.found(FindingKind.CHARGED) <= charged
        assert self.found(FindingKind.NOT_CHARGED) <= free

    def refunds_booked(self) -> Pairs:
        account = self.watched.account
        charged = dict(Refund.objects.filter(wallet=account).values_list("reference", "charged"))
        landed = Transfer.objects.filter(wallet=account, kind=TransferKind.REFUND)
        pairs = [(charged[each.reference], each.amount) for each in landed]
        return Counter(pairs)

    def refunds_paid(self) -> Pairs:
        scene = self.watched.scene
        rows = scene.sandbox.store.rows(
            "SELECT activation.price, entry.amount FROM entry JOIN activation"
            " ON activation.provider = entry.provider AND activation.id = entry.activation_id"
            " WHERE entry.type = 'refund' AND entry.wallet_id = ?",
            scene.wallet_id,
        )
        return Counter((Decimal(r["price"]) / 1000, Decimal(r["amount"]) / 1000) for r in rows)

    def found(self, kind: FindingKind) -> Counter[Decimal]:
        found = Finding.objects.filter(
            wallet=self.watched.account, kind=kind, evidence=Evidence.BALANCE
        )
        prices = {f"rental:{rental.pk}": rental.price for rental, _ in self.doubtful}
        return Counter(prices[each.reference] for each in found)

    def come_to_rest(self) -> None:
        """Hours later all that came has come, and all that is not explained was told."""
        for pause in [1] * 16 + [20] * 6:
            self.read(pause * MINUTE)


def assert_at_rest(watched: Watch) -> None:
    assert watched.drift == 0
    books.assert_proved(watched.account)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_booked_that_did_not_happen(scene: SetScene, seed: int) -> None:
    history = History(watch(scene("smsvilla"), price=500), seed)
    for _ in range(STEPS):
        history.step()
    history.come_to_rest()
    assert_at_rest(history.watched)


@pytest.mark.parametrize("seed", range(100, 102))
def test_nor_at_a_provider_whose_statement_has_gaps(scene: SetScene, seed: int) -> None:
    watched = watch(scene("smsgig"), price=5)
    now = watched.scene.times.now()
    Reconciliation.objects.create(
        wallet=watched.account, asked_at=now, finished_at=now, step=Step.DONE, complete=False
    )
    history = History(watched, seed)
    for _ in range(STEPS):
        history.step()
    history.come_to_rest()
    assert_at_rest(watched)


def test_a_quiet_wallet_is_booked_in_full(scene: SetScene) -> None:
    """Refunds one at a time, and doubts with no refund beside them: all of it is proved."""
    history = History(watch(scene("smsvilla"), price=500), seed=0)
    for _ in range(8):
        history.rent()
        history.cancel()
        history.read(MINUTE)
    for _ in range(4):
        history.doubt()
        history.read(3 * MINUTE)
        history.read(3 * MINUTE)
    assert history.refunds_booked() == history.refunds_paid()
    assert len(list(history.refunds_booked().elements())) == 8
    told = history.found(FindingKind.CHARGED) + history.found(FindingKind.NOT_CHARGED)
    assert sum(told.values()) == 4
    assert history.watched.exceptions() == []
    assert_at_rest(history.watched)
