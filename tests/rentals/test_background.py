"""A provider that hangs keeps nobody else waiting."""

import threading

import pytest

from rentals import tasks
from rentals.models import Rental
from rentals.operations import sending
from rentals.states import RentalState as S
from rentals.workers.background import AN_ACCOUNT, Background
from tests.rentals.scene import SetScene
from tests.waiting import until


def test_many_silent_rents_delay_no_other(scene: SetScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LISTEN_FOR", 8.0)
    silent, other = scene("smsgig"), scene("smsvilla")
    silent.fault("silence", endpoint="rent")
    waiting = [silent.requested() for _ in range(12)]
    for rental in waiting:
        tasks.send_rent(rental.pk)
    until(lambda: silent.asked("/rent") == len(waiting), "all silent rents are out")
    quick = other.requested()
    tasks.send_rent(quick.pk)
    until(lambda: _state(quick) == S.WAITING, "the other provider's rent is through")
    assert {_state(rental) for rental in waiting} == {S.REQUESTED}
    until(lambda: {_state(rental) for rental in waiting} == {S.IN_DOUBT}, "they end in doubt")
    assert silent.asked("/rent") == len(waiting)


def test_one_account_takes_only_its_part_of_the_threads() -> None:
    background, free, done = Background(), threading.Event(), threading.Event()
    taken = [background.converse(1, free.wait) for _ in range(AN_ACCOUNT + 1)]
    assert taken == [True] * AN_ACCOUNT + [False]
    assert background.converse(2, done.set)
    assert done.wait(5)
    free.set()
    background.drain(5)
    until(lambda: background.converse(1, done.set), "there is room for the account again")


def test_a_number_that_the_answer_lacked_is_learned_by_the_next_read(scene: SetScene) -> None:
    here = scene("smsgig")
    rental = here.rented()
    number = rental.phone_raw
    Rental.objects.filter(pk=rental.pk).update(phone_raw="", phone_e164="")
    here.poll(rental)
    assert (rental.phone_raw, bool(rental.phone_e164)) == (number, True)
    assert here.asked("/rentals/status") == 1


def _state(rental: Rental) -> str:
    return str(Rental.objects.values_list("state", flat=True).get(pk=rental.pk))
