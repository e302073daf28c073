"""A form is one rental, for those who may, and needs no Redis."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pytest_django import Settings

from accounts.states import Role
from rentals.models import Rental, RentalEvent
from rentals.operations import RentalNotAllowed
from rentals.states import RentalState as S
from tests import processes
from tests.factories import make_member, make_team
from tests.rentals.checks import alone
from tests.rentals.scene import Scene, SetScene


def test_a_double_click_is_one_rental(each: Scene) -> None:
    key = uuid.uuid4()
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: alone(lambda: each.requested(request_key=key)), range(20)))
    assert len({rental.pk for rental in made}) == 1
    assert Rental.objects.filter(account=each.account).count() == 1
    assert RentalEvent.objects.filter(rental=made[0]).count() == 1


def test_the_same_form_for_another_team_is_refused(scene: SetScene) -> None:
    one, other = scene("smsgig"), scene("smsgig")
    rental = one.requested(request_key=uuid.uuid4())
    other.membership = make_member(other.membership.team, user=one.membership.user)
    with pytest.raises(RentalNotAllowed):
        other.requested(request_key=rental.request_key)
    assert not Rental.objects.filter(account=other.account).exists()


@pytest.mark.parametrize(
    ("change", "wishes"),
    [
        ("stranger", {}),
        ("finance", {}),
        ("archived", {}),
        ("gone", {}),
        ("", {"area_code": "21a"}),
        ("", {"area_code": "١٢٣"}),
        ("", {"carrier": "<script>"}),
        ("", {"wanted_number": "+12025550123"}),
    ],
)
def test_what_is_not_allowed_writes_and_sends_nothing(
    scene: SetScene, change: str, wishes: dict[str, Any]
) -> None:
    it = scene("smsgig")
    if change == "stranger":
        it.membership = make_member(make_team())
    elif change == "finance":
        it.membership = make_member(it.membership.team, Role.FINANCE)
    elif change == "archived":
        it.offer.account.archived_at = it.times.now()
    elif change == "gone":
        it.offer.gone_at = it.times.now()
    with pytest.raises(RentalNotAllowed, match=r"\.$"):
        it.requested(**wishes)
    assert not Rental.objects.filter(account=it.account).exists()


def test_without_redis_a_rental_is_requested_and_rented(each: Scene, settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{processes.free_port()}/0"
    rental = each.rented()
    assert rental.state == S.WAITING
    assert each.asked("/rent") == 1
