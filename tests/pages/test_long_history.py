"""More rentals than are counted: the same orders along the indexes, and pages that say so."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from rentals.history.filters import RentalFilter
from rentals.history.sorting import SORTS, Listed, in_order
from rentals.models import Rental
from rentals.states import RentalState
from tests.factories import make_rental
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ["eBay", "Airmail", "ebay", "Uber"]
ENDED = [RentalState.FINISHED, RentalState.CANCELLED, RentalState.EXPIRED]


@pytest.fixture
def crowded(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Twenty-four rentals, of which ten are counted."""
    monkeypatch.setattr(Listed, "most", 10)
    for number in range(24):
        make_rental(
            (world.member, world.colleague)[number % 2],
            (world.gig, world.villa)[number // 2 % 2],
            ENDED[number % 3],
            service_name=NAMES[number % 4],
            charged=Decimal(number % 5 + 1),
            at=AT + timedelta(minutes=number // 2),
        )
    return world


@pytest.mark.parametrize("sort", ["", *SORTS, *(f"-{word}" for word in SORTS)])
def test_they_come_in_the_order_of_few(crowded: World, sort: str) -> None:
    narrowed = RentalFilter({"since": "2026-01-01"}, membership=crowded.admin)
    listed = Listed(narrowed.qs, sort, narrowed.values)
    wanted = list(in_order(Rental.objects.all(), sort).values_list("pk", flat=True))
    assert listed.goes_on
    assert len(listed) == 10
    assert listed[0:4] + listed[4:10] == wanted[:10]
    assert listed[3] == wanted[3]


def test_the_page_says_that_there_are_more(crowded: World) -> None:
    client, address = signed_in(crowded.admin), page("rental_list", crowded.team)
    assert "More than 10 rentals." in words(client.get(address))
    assert "6 rentals" in words(client.get(address, {"service": "eBay"}))
    shown = client.get(address, {"sort": "member", "page": "9"})
    assert len(shown.context["cards"]) == 10
