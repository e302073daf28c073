"""Under steady traffic a wallet without a statement explains itself, and books nothing wrongly.

Against the sandbox, whose own books are the truth.
"""

# mypy: disable-error-code="comparison-overlap"

import random
from decimal import Decimal

import pytest

from ledger.states import AccountKind
from tests.ledger.busy import Busy, Rule, full, unused
from tests.ledger.watching import watch
from tests.rentals import books
from tests.rentals.scene import SetScene

pytestmark = pytest.mark.timeout(600)


def busy(scene: SetScene, seed: int, rule: Rule) -> Busy:
    set_up = scene("smsvilla")
    set_up.sandbox.top_up(set_up.wallet_id, 900_000)
    return Busy(watch(set_up), random.Random(seed), rule)  # noqa: S311


def test_full_refunds_are_learned_and_booked_without_a_person(scene: SetScene) -> None:
    wallet = busy(scene, 1, full)
    wallet.live(hours=2, reads_every=180)
    assert_nothing_wrong(wallet)
    assert wallet.share() >= 0.98
    assert wallet.exceptions() == []


def test_refunds_by_unused_time_that_can_not_be_told_apart_stand_in_one_exception(
    scene: SetScene,
) -> None:
    """No two come to the same, and of two in one step nobody can say how much each was."""
    wallet = busy(scene, 3, unused)
    wallet.live(hours=1, reads_every=180)
    assert_nothing_wrong(wallet)
    (told,) = wallet.exceptions()
    assert "several ways" in told.detail


def assert_nothing_wrong(wallet: Busy) -> None:
    """Nor is a cent missing: what is not booked stands before a person, in one exception."""
    watched = wallet.watched
    assert wallet.wrong() == {}
    assert max(wallet.open_ones) <= 1
    standing = sum((each.amount for each in wallet.exceptions()), Decimal(0))
    assert watched.net(AccountKind.SUSPENSE) == -standing
    assert watched.drift == 0
    landed = sum((wallet.owed[reference] for reference in wallet.landed), Decimal(0))
    assert landed - sum(wallet.booked().values()) == standing
    books.assert_proved(watched.account)
