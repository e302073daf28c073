"""The board leads the admins of a new team: a key, people, a first number."""

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponseBase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import operations
from accounts.models import Membership, ProviderAccount, Team
from accounts.states import Role
from rentals.states import RentalState
from tests.factories import make_member, make_offer, make_provider_account, make_rental, make_team
from tests.pages.clients import HTMX, page, signed_in, words


@pytest.fixture
def admin(db: None) -> Membership:
    return make_member(make_team(first_steps_over_at=None), Role.ADMIN)


def steps(who: Membership) -> dict[str, str]:
    """What the board says of each step: taken, current, or later; {} where it says nothing."""
    shown = signed_in(who).get(page("board", who.team)).context["first_steps"]
    if shown is None:
        return {}
    state = {(True, False): "taken", (False, True): "current", (False, False): "later"}
    return {step.name: state[step.taken, step.current] for step in shown.steps}


def press(who: Membership, do: str) -> HttpResponseBase:
    return signed_in(who).post(page("first_steps", who.team), {"do": do})


def has_key(team: Team, **fields: Any) -> ProviderAccount:
    return make_provider_account(team, "smsgig", balance_read_at=timezone.now(), **fields)


def invite(admin: Membership) -> None:
    operations.invite(
        team=admin.team,
        email="new@example.org",
        roles=[Role.MEMBER],
        actor=admin.user,
        now=timezone.now(),
    )


def test_the_first_that_is_not_taken_is_the_current_one(admin: Membership) -> None:
    assert steps(admin) == {"key": "current", "people": "later", "number": "later"}
    invite(admin)
    assert steps(admin) == {"key": "current", "people": "taken", "number": "later"}
    account = has_key(admin.team)
    assert steps(admin) == {"key": "taken", "people": "taken", "number": "current"}
    make_rental(admin, account)
    assert steps(admin) == {"key": "taken", "people": "taken", "number": "taken"}
    assert steps(admin) == {}


def test_only_the_current_one_stands_open_and_leads_to_its_page(admin: Membership) -> None:
    board = signed_in(admin).get(page("board", admin.team))
    assert "0 of 3" in words(board)
    assert board.text.count('name="first-step" open') == 1
    assert page("provider_account_add", admin.team) in board.text
    has_key(admin.team)
    board = signed_in(admin).get(page("board", admin.team))
    assert "1 of 3" in words(board)
    assert f"{page('people', admin.team)}#invite-title" in board.text


def test_what_takes_no_step(admin: Membership) -> None:
    make_provider_account(admin.team)  # nobody tried its key
    put_away = has_key(admin.team, archived_at=timezone.now())
    make_rental(admin, put_away, RentalState.REFUSED)
    make_member(make_team(), Role.MEMBER)
    assert steps(admin) == {"key": "current", "people": "later", "number": "later"}


def test_a_second_member_is_people(admin: Membership) -> None:
    make_member(admin.team, Role.FINANCE)
    assert steps(admin)["people"] == "taken"


def test_one_person_goes_on_without_inviting(admin: Membership) -> None:
    has_key(admin.team)
    press(admin, "later")
    assert steps(admin)["number"] == "current"


def test_they_are_put_away_and_shown_again(admin: Membership) -> None:
    press(admin, "later")
    press(admin, "away")
    assert steps(admin) == {}
    assert "Show them again" in signed_in(admin).get(page("team_settings", admin.team)).text
    press(admin, "again")
    assert steps(admin) == {"key": "current", "people": "later", "number": "later"}


@pytest.mark.parametrize("do", ["", "x", "\0", "AWAY"])
def test_an_unknown_button_changes_nothing(admin: Membership, do: str) -> None:
    before = Team.objects.values().get()
    response = signed_in(admin).post(page("first_steps", admin.team), {"do": do}, follow=True)
    assert "none of the buttons" in words(response)
    assert Team.objects.values().get() == before


def test_a_team_that_is_through_costs_no_query(admin: Membership) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            signed_in(admin).get(page("board", admin.team))
        return len(queries)

    has_key(admin.team)
    led = asked()
    make_member(admin.team, Role.MEMBER)
    assert asked() == led
    press(admin, "away")
    assert asked() == led - 1


def test_a_rent_that_takes_the_last_step_empties_the_card(admin: Membership) -> None:
    account = has_key(admin.team)
    press(admin, "later")
    offer = make_offer(account, "Airmail")
    board = signed_in(admin).get(page("board", admin.team))
    form = {"offer": offer.pk, "request_key": board.context["form"]["request_key"].value()}
    rented = signed_in(admin).post(page("rental_create", admin.team), form, headers=HTMX)
    card = rented.text[rented.text.index('id="first-steps"') :].split(">", 1)[0]
    assert "hidden" in card
    assert "hx-swap-oob" in card


def test_who_can_not_take_a_step_sees_who_can(admin: Membership) -> None:
    admin.user.name = "Ada"
    admin.user.save()
    for role in (Role.MEMBER, Role.FINANCE):
        board = signed_in(make_member(admin.team, role)).get(page("board", admin.team))
        assert board.context["first_steps"] is None
        assert "Ask Ada" in words(board)


def test_pages_of_the_steps_lead_back_until_they_are_over(admin: Membership) -> None:
    for over in (False, True):
        for name in ("people", "provider_accounts", "provider_account_add"):
            shown = words(signed_in(admin).get(page(name, admin.team)))
            assert ("Back to the first steps" in shown) is not over
        press(admin, "away")
