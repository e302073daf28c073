"""A page asks the database as often for a hundred rows as for a few: what it lists comes at once.

What finds nothing asks less, so each of these finds something both times.
"""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from rentals.models import Rental
from rentals.operations import fold_spend
from rentals.states import RentalState
from tests.factories import make_message, make_offer, make_rental
from tests.pages.clients import page, signed_in
from tests.pages.conftest import World

PAGES = [
    ("board", {"who": "team"}),
    ("board", {"who": "mine"}),
    ("rental_list", {}),
    ("rental_list", {"sort": "member"}),
    ("rental_list", {"sort": "-price", "service": "Service"}),
    ("rental_list", {"q": "service"}),
    ("rental_list", {"q": "555"}),
    ("spend_rentals", {}),
    ("spend_rentals", {"service": "Service"}),
    ("find", {"q": "service"}),
    ("find", {"q": "555"}),
    ("find", {"q": "report service"}),
]


@pytest.mark.parametrize(("name", "asked"), PAGES, ids=lambda each: str(each))
def test_it_asks_as_often_for_many_rows(world: World, name: str, asked: dict[str, Any]) -> None:
    make_offer(world.gig, name="Service")
    for who in (world.member, world.colleague, world.admin):
        _rent_each(world, who)
    few = _queries(world.admin, name, asked)
    for _ in range(3):
        for who in (world.member, world.colleague, world.admin):
            _rent_each(world, who)
    assert _queries(world.admin, name, asked) == few


def _rent_each(world: World, who: Membership) -> None:
    """One in every state, at each account: those that are over ended just now."""
    for state in RentalState:
        for account in (world.gig, world.villa):
            rental = make_rental(
                who, account, state, service_name="Service", phone_raw="12025550155",
                purpose=f"Report {Rental.objects.count() % 3}",
            )  # fmt: skip
            if state in (RentalState.RECEIVED, RentalState.FINISHED):
                make_message(rental)
                make_message(rental, "113355")


def _queries(who: Membership, name: str, asked: dict[str, Any]) -> int:
    while fold_spend():
        pass
    client, address = signed_in(who), page(name, who.team)
    client.get(address, asked)  # the first page of a session writes down which team it was
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, asked).status_code == 200
    return len(queries)
