"""The rent form: one rental for each rendered form, and a refusal that loses nothing."""

import re
import uuid
from typing import Any

import pytest
from django.utils import timezone

from rentals.models import Offer, Rental
from tests.factories import make_offer, make_provider_account
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World


@pytest.fixture
def offer(world: World) -> Offer:
    return make_offer(world.gig, "Airmail")


def filled(chosen: Offer, **changes: Any) -> dict[str, Any]:
    return {"offer": chosen.pk, "request_key": str(uuid.uuid4()), **changes}


def test_a_form_rents_and_leads_back_to_the_board(world: World, offer: Offer) -> None:
    wishes = {"area_code": "212", "carrier": "vz", "purpose": "Sign-up test"}
    client = signed_in(world.member)
    response = client.post(page("rental_create", world.team), filled(offer, **wishes))
    assert response.status_code == 302
    assert response["Location"] == page("board", world.team)
    rental = Rental.objects.get()
    assert rental.member == world.member.user
    assert rental.service_name == "Airmail"
    assert {name: getattr(rental, name) for name in wishes} == wishes
    assert "A number for Airmail is on its way." in words(client.get(response["Location"]))


def test_htmx_gets_a_fresh_form_and_the_live_rentals(world: World, offer: Offer) -> None:
    sent = filled(offer, q="air")
    response = signed_in(world.member).post(page("rental_create", world.team), sent, headers=HTMX)
    assert response.status_code == 200
    rental = Rental.objects.get()
    assert f'id="rental-{rental.pk}"' in response.text
    assert 'hx-swap-oob="true"' in response.text
    assert "HX-Request" in response["Vary"]
    fresh = re.search(r'name="request_key" value="([^"]+)"', response.text)
    assert fresh is not None
    assert fresh[1] != sent["request_key"]
    assert " checked" not in response.text  # a second click of a double click rents nothing


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_form_that_is_sent_twice_is_one_rental(
    world: World, offer: Offer, headers: dict[str, str]
) -> None:
    client, sent = signed_in(world.member), filled(offer)
    for _ in range(2):
        client.post(page("rental_create", world.team), sent, headers=headers)
    assert Rental.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"offer": ""}, "Choose a service first."),
        ({"offer": "0"}, "gone from the catalogue"),
        ({"offer": "x"}, "gone from the catalogue"),
        ({"request_key": ""}, "Reload the page"),
        ({"request_key": "1"}, "Reload the page"),
        ({"area_code": "21x"}, "area code is up to six digits"),
        ({"area_code": "1" * 11}, "Area code: Ensure this value has at most 10"),
        ({"carrier": "<b>"}, "A carrier is a short name"),
        ({"wanted_number": "+12025550123"}, "does not let you choose the number"),
        ({"purpose": "x" * 201}, "Purpose: Ensure this value has at most 200"),
        ({"purpose": "nul\0"}, "Purpose: Null characters are not allowed"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_typed(
    world: World, offer: Offer, headers: dict[str, str], changes: dict[str, str], said: str
) -> None:
    sent = filled(offer, **{"purpose": "Keep this", **changes})
    response = signed_in(world.member).post(
        page("rental_create", world.team), sent, headers=headers
    )
    assert response.status_code == 422
    assert said in words(response)
    assert ("<html" in response.text) == (headers == {})
    if "purpose" not in changes:
        assert "Keep this" in response.text
    assert not Rental.objects.exists()


def test_the_wish_for_a_number_is_only_offered_where_it_counts(world: World) -> None:
    make_offer(world.gig, "Airmail")
    choosing = make_offer(world.villa, "Postbox")
    response = signed_in(world.member).get(page("board", world.team))
    assert response.text.count("data-chooses") == 1
    assert f'value="{choosing.pk}" required' in response.text


def test_a_number_can_be_wished_for_where_the_provider_lets_one(world: World) -> None:
    offer = make_offer(world.villa, "Postbox")
    sent = filled(offer, wanted_number="+12025550123")
    signed_in(world.member).post(page("rental_create", world.team), sent)
    assert Rental.objects.get().wanted_number == "+12025550123"


@pytest.mark.parametrize("case", ["foreign", "gone", "archived"])
def test_what_is_not_on_offer_is_not_rented(world: World, case: str) -> None:
    account = (
        world.gig
        if case == "gone"
        else make_provider_account(
            world.team if case == "archived" else None,
            archived_at=timezone.now() if case == "archived" else None,
        )
    )
    offer = make_offer(account, gone_at=timezone.now() if case == "gone" else None)
    response = signed_in(world.member).post(page("rental_create", world.team), filled(offer))
    assert response.status_code == 422
    assert not Rental.objects.exists()


def test_finance_rents_nothing(world: World, offer: Offer) -> None:
    response = signed_in(world.finance).post(page("rental_create", world.team), filled(offer))
    assert response.status_code == 403
    assert not Rental.objects.exists()


def test_a_stranger_rents_nothing(world: World, offer: Offer) -> None:
    response = signed_in(world.stranger).post(page("rental_create", world.team), filled(offer))
    assert response.status_code == 404
    assert not Rental.objects.exists()


def test_an_admin_rents(world: World, offer: Offer) -> None:
    signed_in(world.admin).post(page("rental_create", world.team), filled(offer))
    assert Rental.objects.get().member == world.admin.user
