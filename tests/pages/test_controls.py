"""Cancel, finish and wait for more, from a card."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.pages.undo import UNDO_FOR
from rentals.models import Rental
from rentals.states import RentalState
from tests.factories import make_message, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

VERBS = {
    "rental_cancel": RentalState.WAITING,
    "rental_finish": RentalState.RECEIVED,
    "rental_finish_undo": RentalState.RECEIVED,
    "rental_more": RentalState.RECEIVED,
}


def ready(world: World, verb: str) -> Rental:
    """A rental of the member's with which the verb would do something."""
    soon = timezone.now() + UNDO_FOR
    finishing = {"finish_requested_at": timezone.now(), "control_at": soon}
    more = finishing if verb == "rental_finish_undo" else {}
    return make_rental(world.member, world.gig, VERBS[verb], multiple_sms=True, **more)


def as_it_is(rental: Rental) -> dict[str, object]:
    return dict(Rental.objects.filter(pk=rental.pk).values().get())


def done(rental: Rental, verb: str) -> bool:
    rental.refresh_from_db()
    return {
        "rental_cancel": rental.state == RentalState.CANCELLING,
        "rental_finish": rental.finish_requested_at is not None,
        "rental_finish_undo": rental.finish_requested_at is None,
        "rental_more": rental.waits_for_more,
    }[verb]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", ["member", "admin"])
def test_its_member_and_an_admin_can(world: World, verb: str, who: str) -> None:
    rental = ready(world, verb)
    address = page(verb, world.team, rental=rental.pk)
    response = signed_in(getattr(world, who)).post(address)
    assert response.status_code == 302
    assert response["Location"] == page("board", world.team)
    assert done(rental, verb)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("who", "shared", "status"),
    [
        ("colleague", False, 404),
        ("colleague", True, 403),
        ("finance", True, 403),
        ("stranger", True, 404),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_nobody_else_can(
    world: World, verb: str, who: str, shared: bool, status: int, headers: dict[str, str]
) -> None:
    world.team.shares_board = shared
    world.team.save()
    rental = ready(world, verb)
    before = as_it_is(rental)
    address = page(verb, world.team, rental=rental.pk)
    response = signed_in(getattr(world, who)).post(address, headers=headers)
    assert response.status_code == status
    assert as_it_is(rental) == before


@pytest.mark.parametrize("verb", VERBS)
def test_looking_changes_nothing(world: World, verb: str) -> None:
    rental = ready(world, verb)
    before = as_it_is(rental)
    response = signed_in(world.member).get(page(verb, world.team, rental=rental.pk))
    assert response.status_code == 405
    assert as_it_is(rental) == before


@pytest.mark.parametrize("verb", VERBS)
def test_htmx_gets_the_card_as_it_is_now(world: World, verb: str) -> None:
    rental = ready(world, verb)
    make_message(rental) if verb != "rental_cancel" else None
    address = page(verb, world.team, rental=rental.pk)
    response = signed_in(world.member).post(address, headers=HTMX)
    assert response.status_code == 200
    assert f'id="rental-{rental.pk}"' in response.text
    assert "<html" not in response.text
    assert address not in response.text


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_not_possible_is_said(world: World, verb: str) -> None:
    rental = make_rental(world.member, world.gig, RentalState.FINISHED)
    before = as_it_is(rental)
    client, address = signed_in(world.member), page(verb, world.team, rental=rental.pk)
    by_htmx = client.post(address, headers=HTMX)
    assert by_htmx.status_code == 409
    assert '"bad": true' in by_htmx.headers["HX-Trigger-After-Swap"]
    plain = client.post(address, follow=True)
    assert "toast--bad" in plain.text
    assert as_it_is(rental) == before


def test_a_finish_waits_and_its_toast_offers_to_undo_it(world: World) -> None:
    rental = ready(world, "rental_finish")
    client = signed_in(world.member)
    undo = page("rental_finish_undo", world.team, rental=rental.pk)
    shown = client.post(page("rental_finish", world.team, rental=rental.pk), headers=HTMX)
    toast = json.loads(shown.headers["HX-Trigger-After-Swap"])["toast"]["html"]
    assert f'hx-post="{undo}"' in toast
    assert "csrfmiddlewaretoken" in toast
    rental.refresh_from_db()
    assert rental.finish_requested_at is not None and rental.control_at is not None
    assert rental.control_at - rental.finish_requested_at == UNDO_FOR == timedelta(seconds=10)
    back = client.post(undo, headers=HTMX)
    assert "Not finished" in back.headers["HX-Trigger"]
    assert page("rental_finish", world.team, rental=rental.pk) in back.text


def test_a_finish_is_undone_without_script(world: World) -> None:
    rental = ready(world, "rental_finish")
    client = signed_in(world.member)
    shown = client.post(page("rental_finish", world.team, rental=rental.pk), follow=True)
    undo = page("rental_finish_undo", world.team, rental=rental.pk)
    assert f'action="{undo}"' in shown.text
    assert "is being finished" in words(shown)
    assert "Not finished" in words(client.post(undo, follow=True))
    assert done(rental, "rental_finish_undo")


def test_an_undo_that_comes_too_late_says_so(world: World) -> None:
    rental = ready(world, "rental_finish_undo")
    Rental.objects.filter(pk=rental.pk).update(control_tries=1)
    before = as_it_is(rental)
    undo = page("rental_finish_undo", world.team, rental=rental.pk)
    answer = signed_in(world.member).post(undo, headers=HTMX)
    assert answer.status_code == 409
    assert "Too late" in answer.headers["HX-Trigger-After-Swap"]
    assert "Finishing" in words(answer)
    assert as_it_is(rental) == before


def test_a_form_leads_back_to_where_it_was_sent_from(world: World) -> None:
    rental = make_rental(world.member, world.gig)
    came_from = page("rental_detail", world.team, rental=rental.pk) + "?open=1"
    address = page("rental_cancel", world.team, rental=rental.pk)
    headers = {"Referer": f"http://testserver{came_from}"}
    response = signed_in(world.member).post(address, headers=headers)
    assert response["Location"] == came_from


def test_a_form_never_leads_to_another_host(world: World) -> None:
    rental = make_rental(world.member, world.gig)
    address = page("rental_cancel", world.team, rental=rental.pk)
    headers = {"Referer": "http://elsewhere.example/t/x/"}
    response = signed_in(world.member).post(address, headers=headers)
    assert response["Location"] == page("board", world.team)


def test_the_card_shows_what_its_reader_may_see(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.RECEIVED)
    make_message(rental, "771204")
    address = page("rental_card", world.team, rental=rental.pk)
    assert "771204" in signed_in(world.member).get(address).text
    by_admin = signed_in(world.admin).get(address)
    assert "771204" not in by_admin.text
    assert rental.phone_e164 in by_admin.text
    by_finance = signed_in(world.finance).get(address)
    assert "771204" not in by_finance.text
    assert rental.phone_e164 not in by_finance.text
    assert signed_in(world.colleague).get(address).status_code == 404
    assert signed_in(world.stranger).get(address).status_code == 404


def test_a_finish_that_is_under_way_is_said(world: World) -> None:
    rental = make_rental(
        world.member, world.gig, RentalState.RECEIVED, finish_requested_at=timezone.now()
    )
    address = page("rental_card", world.team, rental=rental.pk)
    assert "Finishing" in words(signed_in(world.member).get(address))
