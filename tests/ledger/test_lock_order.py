"""A reading that finds what became of a doubt, and a person who decides it, never wait for each
other in a circle: both write the finding before they lock the balances."""

from contextlib import suppress

import pytest

from accounts.models import ProviderAccount
from ledger.operations.balance import snapshots
from ledger.states import FindingKind
from rentals.operations import NotPossible, decide_doubt
from rentals.states import RentalState
from tests.factories import make_user
from tests.ledger.together import together
from tests.ledger.watching import watch
from tests.rentals import books
from tests.rentals.scene import SetScene

TIMES = 8


@pytest.mark.parametrize("charged", [True, False])
def test_a_reading_and_a_decision_at_once_both_end(scene: SetScene, *, charged: bool) -> None:
    villa = watch(scene("smsvilla"), price=500)
    actor = make_user()
    for _ in range(TIMES):
        rental = villa.doubtful(charged=charged)
        now = villa.scene.times.move(6 * 60)

        def read() -> None:
            account = ProviderAccount.objects.get(pk=villa.scene.account.pk)
            snapshots.read_and_explain(account, now=villa.scene.times.now())

        def decide(rental=rental, now=now) -> None:  # type: ignore[no-untyped-def]
            with suppress(NotPossible):
                decide_doubt(
                    rental=rental,
                    outcome=FindingKind.CHARGED if charged else FindingKind.NOT_CHARGED,
                    amount=rental.price if charged else None,
                    reason="The provider shows it.",
                    actor=actor,
                    now=now,
                )

        together(read, decide)
        villa.read(1)
        villa.read(60)
        rental.refresh_from_db()
        assert rental.state == (RentalState.LOST if charged else RentalState.REFUSED)
        villa.read(60)
    assert villa.drift == 0
    books.assert_proved(villa.account)
