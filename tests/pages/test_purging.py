"""What is removed is said to be removed, and an admin removes it with a reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from rentals.models import Message, Rental
from rentals.states import RentalState
from tests.factories import make_message, make_rental
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World

CODE = "771204"


@pytest.fixture
def rental(world: World) -> Rental:
    return make_rental(world.member, world.gig, RentalState.FINISHED)


def removed(rental: Rental, days: int) -> Message:
    now = timezone.now()
    return make_message(
        rental, "", text="", seen_at=now - timedelta(days=days, hours=1), purged_at=now
    )


def sent(world: World, rental: Rental, **form: Any) -> Any:
    address = page("rental_purge", world.team, rental=rental.pk)
    return signed_in(world.admin).post(address, form)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "Text and code were removed."),
        (1, "Text and code were removed after 1 day."),
        (31, "Text and code were removed after 31 days."),
    ],
)
def test_the_page_says_what_is_removed(world: World, rental: Rental, days: int, said: str) -> None:
    removed(rental, days)
    Rental.objects.update(phone_raw="", phone_e164="", number_purged_at=timezone.now())
    shown = words(signed_in(world.member).get(page("rental_detail", world.team, rental=rental.pk)))
    assert said in shown
    assert "Number Removed" in shown


def test_an_older_message_that_is_removed_says_so_too(world: World, rental: Rental) -> None:
    removed(rental, 31)
    make_message(rental, CODE)
    shown = words(signed_in(world.member).get(page("rental_detail", world.team, rental=rental.pk)))
    assert CODE in shown
    assert "removed after 31 days" in shown


def test_an_admin_can_not_ask_for_what_is_removed(world: World, rental: Rental) -> None:
    removed(rental, 31)
    client = signed_in(world.admin)
    shown = client.get(page("rental_detail", world.team, rental=rental.pk))
    assert f"What came for {world.member.user} is removed." in words(shown)
    assert "Show code" not in words(shown)
    before = AuditEvent.objects.count()
    client.post(page("rental_show_code", world.team, rental=rental.pk), {"reason": "Because"})
    assert AuditEvent.objects.count() == before


def test_an_admin_removes_with_a_reason(world: World, rental: Rental) -> None:
    make_message(rental, CODE)
    response = sent(world, rental, reason="They asked us to.")
    assert response["Location"] == page("rental_detail", world.team, rental=rental.pk)
    assert Message.objects.get().code == ""
    rental.refresh_from_db()
    assert rental.phone_raw  # only where it is asked for
    assert AuditEvent.objects.get(action="rental.purged").reason == "They asked us to."
    assert CODE not in signed_in(world.member).get(response["Location"]).text


@pytest.mark.parametrize("state", [RentalState.FINISHED, RentalState.RECEIVED])
def test_without_a_reason_or_while_it_is_live_it_stays(world: World, state: RentalState) -> None:
    rental = make_rental(world.member, world.gig, state)
    make_message(rental, CODE)
    reason = "" if state == RentalState.FINISHED else "Because"
    response = sent(world, rental, reason=reason)
    assert response.status_code == 422
    assert ("Say why" if not reason else "It is still live") in words(response)
    assert Message.objects.get().code == CODE
    assert not AuditEvent.objects.filter(action="rental.purged").exists()


def test_the_form_is_for_admins_and_while_something_is_left(world: World, rental: Rental) -> None:
    address = page("rental_detail", world.team, rental=rental.pk)
    assert "Remove what came" in words(signed_in(world.admin).get(address))
    assert "Remove what came" not in words(signed_in(world.member).get(address))
    Rental.objects.update(phone_raw="", phone_e164="")
    assert "Remove what came" not in words(signed_in(world.admin).get(address))
