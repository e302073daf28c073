"""A rental's page for each role; another's code only on asking, which is written down."""

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from rentals.causes import Cause
from rentals.models import ProviderAnswer, Rental, RentalEvent
from rentals.states import RentalState
from tests.factories import make_message, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

CODE, TEXT = "771204", "Your code arrived: seven seven"


@pytest.fixture
def rental(world: World) -> Rental:
    rental = make_rental(
        world.member, world.gig, RentalState.RECEIVED, wanted_number="+12025550188"
    )
    make_message(rental, CODE, text=TEXT)
    now = timezone.now()
    RentalEvent.objects.create(
        rental=rental,
        at=now,
        from_state=RentalState.WAITING,
        to_state=RentalState.WAITING,
        cause=Cause.CANCEL_REFUSED,
        note=f"Number {rental.phone_e164} or (202) 555-0188 has code {CODE}.",
    )
    ProviderAnswer.objects.create(
        rental=rental,
        call="rent",
        asked_at=now,
        answered_at=now,
        reply={"body": f"{rental.phone_e164} {CODE}"},
        verdict="done",
        detail=f"number {rental.phone_raw}",
    )
    return rental


def address(world: World, rental: Rental, name: str = "rental_detail") -> str:
    return page(name, world.team, rental=rental.pk)


def test_its_member_sees_all_of_it(world: World, rental: Rental) -> None:
    response = signed_in(world.member).get(address(world, rental))
    assert CODE in response.text
    assert TEXT in response.text
    assert rental.phone_e164 in response.text
    said = words(response)
    assert "The provider did not cancel" in said
    assert "SMSGig (rent a number): answered" in said
    assert "no-store" in response["Cache-Control"]


def test_finance_sees_money_and_timeline_alone(world: World, rental: Rental) -> None:
    response = signed_in(world.finance).get(address(world, rental))
    assert response.status_code == 200
    assert "The provider did not cancel" in words(response)
    assert "0.45" in words(response)
    for secret in (CODE, TEXT, rental.phone_e164, rental.phone_raw, "555-0", "555 0", "5550188"):
        assert secret not in response.text


def test_an_admin_sees_the_number_but_neither_code_nor_text(world: World, rental: Rental) -> None:
    response = signed_in(world.admin).get(address(world, rental))
    assert rental.phone_e164 in response.text
    assert CODE not in response.text
    assert TEXT not in response.text
    assert "Show code" in words(response)
    assert not AuditEvent.objects.exists()


def test_an_admin_is_shown_the_code_once_and_it_is_written_down(
    world: World, rental: Rental
) -> None:
    client = signed_in(world.admin)
    shown = client.post(address(world, rental, "rental_show_code"), {"reason": "Ticket closed"})
    assert shown.status_code == 200
    assert CODE in shown.text
    assert TEXT in shown.text
    assert "no-store" in shown["Cache-Control"]
    event = AuditEvent.objects.get()
    assert event.actor == world.admin.user
    assert event.team == world.team
    assert event.action == "rental.code_shown"
    assert event.object_id == str(rental.pk)
    assert event.reason == "Ticket closed"
    assert event.after["messages"] == [message.pk for message in rental.messages.all()]
    assert CODE not in str(event.__dict__)
    assert CODE not in client.get(address(world, rental)).text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_without_a_reason_nothing_is_shown(world: World, rental: Rental, reason: str) -> None:
    response = signed_in(world.admin).post(
        address(world, rental, "rental_show_code"), {"reason": reason}
    )
    assert response.status_code == 422
    assert CODE not in response.text
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"), [("colleague", 403), ("finance", 403), ("member", 403), ("stranger", 404)]
)
def test_nobody_else_is_shown_a_code_by_asking(
    world: World, rental: Rental, who: str, status: int
) -> None:
    response = signed_in(getattr(world, who)).post(
        address(world, rental, "rental_show_code"), {"reason": "Curious"}
    )
    assert response.status_code == status
    assert CODE not in response.text
    assert not AuditEvent.objects.exists()


def test_reloading_the_shown_code_asks_again(world: World, rental: Rental) -> None:
    response = signed_in(world.admin).get(address(world, rental, "rental_show_code"))
    assert response.status_code == 302
    assert response["Location"] == address(world, rental)


def test_there_is_nothing_to_write_down_where_nothing_came(world: World) -> None:
    empty = make_rental(world.member, world.gig)
    response = signed_in(world.admin).post(
        address(world, empty, "rental_show_code"), {"reason": "Curious"}
    )
    assert response.status_code == 302
    assert not AuditEvent.objects.exists()


def test_an_admin_needs_no_asking_on_a_shared_board(world: World, rental: Rental) -> None:
    world.team.shares_board = True
    world.team.save()
    assert CODE in signed_in(world.admin).get(address(world, rental)).text


@pytest.mark.parametrize("who", ["colleague", "stranger"])
def test_whose_it_is_not_finds_nothing(world: World, rental: Rental, who: str) -> None:
    response = signed_in(getattr(world, who)).get(address(world, rental))
    assert response.status_code == 404
    assert rental.service_name not in response.text


def test_a_rental_of_another_team_is_not_found_under_ones_own(world: World, rental: Rental) -> None:
    foreign = page("rental_detail", world.stranger.team, rental=rental.pk)
    assert signed_in(world.stranger).get(foreign).status_code == 404


def test_htmx_gets_what_changes(world: World, rental: Rental) -> None:
    response = signed_in(world.member).get(address(world, rental), headers=HTMX)
    assert "<html" not in response.text
    assert 'id="detail"' in response.text
    assert "HX-Request" in response["Vary"]
