"""The board for each role, and its empty states."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.operations import change_roles
from accounts.states import Role
from rentals.models import Rental
from rentals.states import RentalState
from tests.factories import make_member, make_message, make_offer, make_rental, make_team
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World


def test_a_member_sees_a_code_with_everything_to_act_on_it(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.RECEIVED, service_name="Airmail")
    make_message(rental, "771204")
    response = signed_in(world.member).get(page("board", world.team))
    assert response.status_code == 200
    assert 'data-copy="771204"' in response.text
    assert f'data-copy="{rental.phone_e164}"' in response.text
    assert rental.expires_at is not None
    assert f'data-deadline="{int(rental.expires_at.timestamp() * 1000)}"' in response.text
    assert page("rental_finish", world.team, rental=rental.pk) in response.text


def test_codes_and_numbers_are_copied_as_the_other_side_takes_them(world: World) -> None:
    """Each code alone, the newest or an earlier one; a number as E.164, however it is shown."""
    rental = make_rental(world.member, world.gig, RentalState.RECEIVED, phone_raw="12025550123")
    Rental.objects.filter(pk=rental.pk).update(phone_e164="+12025550123")
    now = timezone.now()
    make_message(rental, "111222", seen_at=now - timedelta(seconds=30))
    make_message(rental, "333444", seen_at=now)
    codes = {"board": ["333444", "111222"], "rental_list": ["333444"]}
    for name, expected in codes.items():
        response = signed_in(world.member).get(page(name, world.team))
        copied = re.findall(r'data-copy="([^"]*)"', response.text)
        assert sorted(copied) == sorted([*expected, "+12025550123"])
        assert "+1 202-555-0123" in words(response)


@pytest.mark.parametrize("name", ["board", "rental_list"])
def test_nothing_is_shown_as_spent_before_it_is(world: World, name: str) -> None:
    for state in (RentalState.REQUESTED, RentalState.IN_DOUBT, RentalState.REFUSED):
        make_rental(world.member, world.gig, state, at=timezone.now())
    said = words(signed_in(world.member).get(page(name, world.team)))
    assert "USD 0.45 held" in said
    assert "USD 0.45 may have been charged" in said
    assert "not charged" in said
    assert said.count("0.45") == 2


def test_nobody_keeps_a_page_with_a_code(world: World) -> None:
    response = signed_in(world.member).get(page("board", world.team))
    assert "no-store" in response["Cache-Control"]


def test_what_ended_a_while_ago_is_not_on_the_board(world: World) -> None:
    now = timezone.now()
    for name, ended in (("Lately", 2), ("Longago", 30)):
        make_rental(
            world.member,
            world.gig,
            RentalState.FINISHED,
            service_name=name,
            ended_at=now - timedelta(minutes=ended),
        )
    said = words(signed_in(world.member).get(page("board", world.team)))
    assert "Lately" in said
    assert "Longago" not in said


def test_a_doubt_is_said_plainly(world: World) -> None:
    make_rental(world.member, world.gig, RentalState.IN_DOUBT)
    said = words(signed_in(world.member).get(page("board", world.team)))
    assert "It may have been charged." in said
    assert "never sent again" in said


def test_an_unconfirmed_message_is_shown_and_marked(world: World) -> None:
    rental = make_rental(world.member, world.villa)
    make_message(rental, "338812", confirmed_at=None)
    response = signed_in(world.member).get(page("board", world.team))
    assert 'data-copy="338812"' in response.text
    assert "not confirmed yet" in words(response)


@pytest.mark.parametrize("asked", [False, True])
def test_a_code_that_was_not_confirmed_by_the_end_is_shown_for_what_it_is(
    world: World, asked: bool
) -> None:
    now = timezone.now()
    due = None if asked else now
    rental = make_rental(
        world.member, world.villa, RentalState.EXPIRED, ended_at=now, next_poll_at=due
    )
    make_message(rental, "338812", confirmed_at=None)
    response = signed_in(world.member).get(page("board", world.team))
    said = words(response)
    assert 'data-copy="338812"' in response.text
    assert "until one is, it counts as expired. It stays charged" in said
    assert ("has not confirmed this one" in said, "is being checked" in said) == (asked, not asked)


def test_what_is_unconfirmed_and_newer_is_open_to_see_beneath(world: World) -> None:
    now = timezone.now()
    rental = make_rental(world.member, world.villa, RentalState.RECEIVED)
    make_message(rental, "111222", seen_at=now - timedelta(seconds=30))
    make_message(rental, "333444", confirmed_at=None, seen_at=now)
    response = signed_in(world.member).get(page("board", world.team))
    assert f'<details class="rental__earlier" id="earlier-{rental.pk}" open>' in response.text
    assert words(response).index("111222") < words(response).index("333444")


def test_a_text_from_outside_stays_text(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.RECEIVED)
    make_message(rental, '"><b>1', text="<script>alert(1)</script>")
    response = signed_in(world.member).get(page("board", world.team))
    assert "<script>alert" not in response.text
    assert "<b>1" not in response.text


@pytest.mark.parametrize(
    ("who", "shared", "expected"),
    [
        ("", False, {"Mine"}),
        ("mine", False, {"Mine"}),
        ("team", False, {"Mine", "Theirs"}),
        ("", True, {"Mine", "Theirs"}),
        ("nonsense", False, {"Mine"}),
    ],
)
def test_an_admin_chooses_whose_rentals(
    world: World, who: str, shared: bool, expected: set[str]
) -> None:
    world.team.shares_board = shared
    world.team.save()
    make_rental(world.admin, world.gig, service_name="Mine")
    make_rental(world.member, world.gig, service_name="Theirs")
    response = signed_in(world.admin).get(page("board_live", world.team), {"who": who})
    names = {card.rental.service_name for card in response.context["board"].live}
    assert names == expected


def test_a_member_can_not_choose_the_teams(world: World) -> None:
    make_rental(world.colleague, world.gig, service_name="Theirs")
    client = signed_in(world.member)
    assert "Theirs" not in client.get(page("board", world.team), {"who": "team"}).text
    assert "Theirs" not in client.get(page("board_live", world.team), {"who": "team"}).text


def test_finance_sees_what_runs_without_number_and_code(world: World) -> None:
    rental = make_rental(
        world.member, world.gig, RentalState.RECEIVED, wanted_number="+12025550188"
    )
    make_message(rental, "771204")
    response = signed_in(world.finance).get(page("board", world.team))
    assert rental.service_name in response.text
    for secret in ("771204", rental.phone_e164, "555-0", "2025550188"):
        assert secret not in response.text
    assert 'id="rent-form"' not in response.text
    assert page("rental_finish", world.team, rental=rental.pk) not in response.text


def test_an_admin_is_led_to_the_first_account(db: None) -> None:
    admin = make_member(make_team(), Role.ADMIN, Role.MEMBER)
    response = signed_in(admin).get(page("board", admin.team))
    assert page("provider_account_add", admin.team) in response.text


def test_a_member_is_told_whom_to_ask_for_the_first_account(db: None) -> None:
    team = make_team()
    admin, member = make_member(team, Role.ADMIN), make_member(team, Role.MEMBER)
    response = signed_in(member).get(page("board", team))
    assert f"Ask {admin.user}" in words(response)
    assert page("provider_account_add", team) not in response.text


def test_each_emptiness_says_what_it_is(world: World) -> None:
    client = signed_in(world.member)
    assert "No services yet" in words(client.get(page("board", world.team)))
    assert "Nothing is live" in words(client.get(page("board", world.team)))
    make_offer(world.gig, "Airmail")
    assert "“zzz”" in words(client.get(page("board", world.team), {"q": "zzz"}))


def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.RECEIVED)
    make_message(rental, "771204")
    client = signed_in(world.member)
    before = int(timezone.now().timestamp() * 1000)
    asked = {"as": mark(client.get(page("board", world.team)))}
    same = client.get(page("board_live", world.team), asked, headers=HTMX)
    assert (same.status_code, same.content) == (204, b"")
    assert json.loads(same["HX-Trigger"])["now"]["at"] >= before
    assert "771204" in client.get(page("board_live", world.team), headers=HTMX).text


CHANGES: dict[str, Callable[[World, Rental], object]] = {
    "a message": lambda world, rental: make_message(rental, "771205"),
    "a confirmation": lambda world, rental: rental.messages.update(confirmed_at=timezone.now()),
    "a rental": lambda world, rental: make_rental(world.member, world.gig),
    "a state": lambda world, rental: Rental.objects.update(state=RentalState.FINISHED),
    "a purpose": lambda world, rental: Rental.objects.update(purpose="Other"),
    "a charge": lambda world, rental: Rental.objects.update(price=Decimal("9.99")),
    "an end": lambda world, rental: Rental.objects.update(
        state=RentalState.EXPIRED, ended_at=timezone.now() - timedelta(hours=1)
    ),
    "a right": lambda world, rental: change_roles(
        membership=world.member, roles=[Role.FINANCE], actor=None
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_has_changed_since_is_sent(world: World, what: str) -> None:
    rental = make_rental(world.member, world.gig, RentalState.RECEIVED)
    make_message(rental, "771204", confirmed_at=None)
    client = signed_in(world.member)
    asked = {"as": mark(client.get(page("board", world.team)))}
    CHANGES[what](world, rental)
    changed = client.get(page("board_live", world.team), asked, headers=HTMX)
    assert changed.status_code == 200
    assert 'id="live"' in changed.text
    assert "data-mark" not in changed.text


def mark(response: Any) -> str:
    """What stands on a page for its live part as it is."""
    [found] = re.findall(r'id="live"[^>]* data-mark="(\w+)"', response.text)
    return str(found)


def test_the_live_part_alone_has_no_page_around_it(world: World) -> None:
    response = signed_in(world.member).get(page("board_live", world.team), headers=HTMX)
    assert "<html" not in response.text
    assert 'id="live"' in response.text
