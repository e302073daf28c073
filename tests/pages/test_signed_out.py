"""Whose session has ended signs in and is back where they were; what they sent was not done."""

import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from rentals.models import Offer, Rental
from rentals.states import RentalState
from rentals.views import wishes
from tests.factories import PASSWORD, make_member, make_offer, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

HERE = "http://testserver"


def expired(world: World) -> Client:
    """The member's browser, whose session is gone."""
    client = signed_in(world.member)
    Session.objects.all().delete()
    return client


def place(response: Any) -> str:
    """Where signing in leads back to."""
    address: str = response.headers.get("HX-Redirect") or response["Location"]
    assert urlsplit(address).path == reverse("account_login")
    return parse_qs(urlsplit(address).query)["next"][0]


def sign_in(client: Client, who: Any, there: str) -> Any:
    form = {"login": who.user.email, "password": PASSWORD, "next": there}
    return client.post(reverse("account_login"), form, follow=True)


def by_htmx(address: str) -> dict[str, str]:
    return HTMX | {"HX-Current-URL": f"{HERE}{address}"}


def test_a_filter_leads_back_to_the_list_filtered_so(world: World) -> None:
    history = page("rental_list", world.team)
    headers = by_htmx(f"{history}?q=mail")
    asked = f"{history}?q=mail&state=finished"
    assert place(expired(world).get(asked, headers=headers)) == asked


def test_the_next_page_leads_back_to_it(world: World) -> None:
    asked = f"{page('rental_list', world.team)}?state=finished&page=2"
    assert place(expired(world).get(asked)) == asked


@pytest.mark.parametrize(
    "place",
    [
        "http://[bad",
        "//elsewhere.example/",
        f"{HERE}//evil.example/",
        f"{HERE}/\\evil.example/",
        "",
        "x",
    ],
)
def test_htmx_that_names_no_page_of_ours_leads_to_a_page(world: World, place: str) -> None:
    headers = HTMX | {"HX-Current-URL": place}
    response = expired(world).get(page("board_live", world.team), headers=headers)
    assert response.status_code == 200
    assert parse_qs(urlsplit(response["HX-Redirect"]).query)["next"] == ["/"]


def test_a_part_of_a_page_leads_back_to_its_page(world: World) -> None:
    board = f"{page('board', world.team)}?who=team"
    for part in ("board_live", "offer_list", "alert_bell"):
        asked = page(part, world.team)
        assert place(expired(world).get(asked, headers=by_htmx(board))) == board


@pytest.mark.parametrize("htmx", [True, False])
def test_a_form_is_not_done_and_leads_back_to_its_page(world: World, htmx: bool) -> None:
    rental = make_rental(world.member, world.gig)
    detail = page("rental_detail", world.team, rental=rental.pk)
    headers = by_htmx(detail) if htmx else {"Referer": f"{HERE}{detail}"}
    client = expired(world)
    cancel = page("rental_cancel", world.team, rental=rental.pk)
    assert place(client.post(cancel, headers=headers)) == detail
    told = client.get(reverse("account_login"))
    assert "nothing was done" in words(told)
    assert "toast--bad" in told.text  # so it stays until it is closed
    rental.refresh_from_db()
    assert rental.state == RentalState.WAITING


@pytest.mark.parametrize(
    "referrer", ["http://elsewhere.example/t/x/", f"{HERE}//evil.example/", "nonsense", ""]
)
def test_nobody_is_led_elsewhere(world: World, referrer: str) -> None:
    rental = make_rental(world.member, world.gig)
    cancel = page("rental_cancel", world.team, rental=rental.pk)
    assert place(expired(world).post(cancel, headers={"Referer": referrer})) == reverse("home")


# --- what was chosen to rent


def filled_in(world: World, client: Client, offer: Offer, **more: Any) -> dict[str, Any]:
    """The form as the board showed it, filled in."""
    shown = client.get(page("board", world.team)).context
    return {
        "offer": offer.pk,
        "request_key": str(uuid.uuid4()),
        "whose": shown["whose"],
        "area_code": "212",
        "purpose": "Sign-up flow",
        "q": offer.name,
        **more,
    }


def sent_too_late(world: World, form: dict[str, Any], client: Client, **how: Any) -> str:
    """Send it without a session; gives where signing in leads."""
    Session.objects.all().delete()
    there = place(client.post(page("rental_create", world.team), form, **how))
    assert not Rental.objects.exists()
    return there


@pytest.mark.parametrize("htmx", [True, False])
def test_what_was_chosen_waits_and_nothing_is_rented(world: World, htmx: bool) -> None:
    offer = make_offer(world.gig, "Airmail")
    board = page("board", world.team)
    client = signed_in(world.member)
    form = filled_in(world, client, offer)
    headers = by_htmx(board) if htmx else {"Referer": f"{HERE}{board}"}
    there = sent_too_late(world, form, client, headers=headers)
    assert there == board
    shown = sign_in(client, world.member, there)
    assert "Nothing was rented yet" in words(shown)
    assert shown.context["chosen"] == offer.pk
    assert shown.context["found"].words == "Airmail"
    for value in ("212", "Sign-up flow", form["request_key"]):
        assert f'value="{value}"' in shown.text
    assert not Rental.objects.exists()
    again = client.get(board)
    assert form["request_key"] not in again.text
    assert "Nothing was rented yet" not in words(again)


def test_its_key_still_makes_one_rental(world: World) -> None:
    """It may have been rented, with an answer that never came."""
    offer = make_offer(world.gig, "Airmail")
    client = signed_in(world.member)
    form = filled_in(world, client, offer)
    client.post(page("rental_create", world.team), form)
    Session.objects.all().delete()
    there = place(client.post(page("rental_create", world.team), form))
    shown = sign_in(client, world.member, there)
    client.post(page("rental_create", world.team), form | {"whose": shown.context["whose"]})
    assert Rental.objects.count() == 1


def test_nobody_else_finds_it_on_that_browser(world: World) -> None:
    offer = make_offer(world.villa, "Airmail")
    client = signed_in(world.member)
    form = filled_in(world, client, offer, wanted_number="+12025550123")
    there = sent_too_late(world, form, client)
    shown = sign_in(client, world.colleague, there)
    assert "2025550123" not in shown.text
    assert form["request_key"] not in shown.text
    client.force_login(world.member.user)
    assert form["request_key"] not in client.get(there).text


def test_it_waits_in_its_team_alone_and_for_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = make_offer(world.gig, "Airmail")
    elsewhere = make_member(world.stranger.team, user=world.member.user)
    client = signed_in(world.member)
    form = filled_in(world, client, offer)
    sent_too_late(world, form, client)
    shown = sign_in(client, world.member, page("board", elsewhere.team))
    assert form["purpose"] not in shown.text
    sent_too_late(world, form, client)
    monkeypatch.setattr(wishes, "FOR", 0.0)
    assert form["request_key"] not in sign_in(client, world.member, "/").text


@pytest.mark.parametrize("whose", ["", "1", "1:forged", "\0"])
def test_a_form_that_was_shown_to_nobody_is_not_kept(world: World, whose: str) -> None:
    offer = make_offer(world.gig, "Airmail")
    client = signed_in(world.member)
    form = filled_in(world, client, offer, whose=whose)
    sent_too_late(world, form, client)
    assert not Session.objects.exists()


def test_whatever_was_typed_can_be_shown_again(world: World) -> None:
    client = signed_in(world.member)
    offer = make_offer(world.gig, "Airmail")
    nasty = {"offer": "9" * 300, "request_key": "evil", "purpose": "<b>\0💥", "q": "\0" * 300}
    form = filled_in(world, client, offer) | nasty
    there = sent_too_late(world, form, client)
    shown = sign_in(client, world.member, there)
    assert shown.status_code == 200
    assert "<b>" not in shown.text
