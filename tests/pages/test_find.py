"""What is found by whom: by a page without script, and by the palette's list of the same."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership
from accounts.states import Role
from rentals.finding import found
from rentals.finding.pages import PAGES
from rentals.models import Rental
from rentals.operations import fold_spend
from rentals.states import RentalState
from tests.factories import make_member, make_message, make_offer, make_rental
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

ROLES = ("member", "colleague", "admin", "finance")


def groups(who: Membership, q: str) -> dict[str, list[str]]:
    """The titles of what is found, by group."""
    response = signed_in(who).get(page("find", who.team), {"q": q})
    assert response.status_code == 200
    return {
        group.name: [str(hit.title) for hit in group.hits]
        for group in response.context["found"].groups
    }


def rentals(who: Membership, q: str) -> list[str]:
    return groups(who, q).get("rentals", [])


def share(world: World) -> None:
    world.team.shares_board = True
    world.team.save()
    for role in ROLES:
        getattr(world, role).refresh_from_db()


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_those_that_open_for_whoever_asks(world: World, role: str) -> None:
    who = getattr(world, role)
    client = signed_in(who)
    listed = groups(who, "")["pages"]
    for each in PAGES:
        address = reverse(each.route, args=[who.team.slug] if each.of_team else [])
        expected = 200 if str(each.title) in listed else 403
        assert client.get(address).status_code == expected, each.title


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_the_menu_is_found(world: World, role: str) -> None:
    """One that is missing belongs into rentals/finding/pages.py."""
    who = getattr(world, role)
    client = signed_in(who)
    menu = re.search(r'<nav class="nav".*?</nav>', client.get(page("board", who.team)).text, re.S)
    assert menu
    found = client.get(page("find", who.team)).context["found"].groups[0].hits
    links = set(re.findall(r'href="([^"#]+)"', menu.group()))
    assert links <= {hit.address for hit in found}


def test_pages_are_found_by_what_else_they_are_called(world: World) -> None:
    assert groups(world.admin, "webhook")["pages"] == ["Providers", "Health"]
    assert groups(world.member, "HIST") == {"pages": ["History"]}


@pytest.mark.parametrize("folded", [True, False])
def test_rentals_are_found_by_service_purpose_and_member(world: World, folded: bool) -> None:
    world.colleague.user.name = "Ada Example"
    world.colleague.user.save()
    make_rental(world.colleague, world.gig, service_name="WhatsApp", purpose="Regression 12")
    make_rental(world.colleague, world.gig, service_name="Telegram", purpose="Support")
    make_rental(world.member, world.villa, service_name="WhatsApp", purpose="Support")
    if folded:
        fold_spend()
    assert rentals(world.admin, "regress") == ["WhatsApp"]
    assert rentals(world.admin, "telegr") == ["Telegram"]
    assert sorted(rentals(world.admin, "ada")) == ["Telegram", "WhatsApp"]
    assert rentals(world.finance, "ada telegr") == ["Telegram"]
    assert rentals(world.member, "ada") == []
    assert rentals(world.member, "regress") == []
    assert rentals(world.admin, "whats supp") == ["WhatsApp"]
    assert rentals(world.admin, "whats telegram") == []
    assert len(rentals(world.admin, "support")) == 2
    assert rentals(world.admin, "nothing") == []


def numbered(who: Membership, world: World, phone: str) -> Rental:
    name = "Airmail" if who == world.member else "Telegram"
    return make_rental(
        who, world.gig, phone_raw=phone.lstrip("+"), phone_e164=phone, service_name=name
    )


def test_a_number_is_found_by_its_last_digits_by_whoever_sees_it(world: World) -> None:
    numbered(world.member, world, "+12025550123")
    numbered(world.colleague, world, "+12025550164")
    assert rentals(world.member, "0123") == ["Airmail"]
    assert rentals(world.member, "(202) 555-0123") == ["Airmail"]
    assert rentals(world.member, "+12025550123") == ["Airmail"]
    assert rentals(world.member, "555") == []
    assert rentals(world.member, "0164") == []
    assert rentals(world.admin, "550164") == ["Telegram"]
    assert rentals(world.finance, "550164") == []


def test_a_number_and_a_word_narrow_each_other_down(world: World) -> None:
    for name in ("Telegram", "WhatsApp"):
        make_rental(world.member, world.gig, phone_raw="12025550123", service_name=name)
    assert rentals(world.member, "0123 tele") == ["Telegram"]


def test_a_rental_is_found_by_its_own_number(world: World) -> None:
    rental = make_rental(world.member, world.gig, service_name="Airmail")
    for who in (world.member, world.admin, world.finance):
        assert rentals(who, f"#{rental.pk}") == ["Airmail"]
    assert rentals(world.colleague, f"#{rental.pk}") == []
    assert rentals(world.stranger, f"#{rental.pk}") == []


def test_nobody_finds_what_is_another_teams(world: World) -> None:
    numbered(world.member, world, "+12025550123")
    make_offer(world.gig, "Airmail")
    make_rental(world.member, world.gig, service_name="Airmail", purpose="Secret")
    fold_spend()
    for q in ("0123", "airmail", "secret", world.member.user.email, "#1"):
        assert set(groups(world.stranger, q)) <= {"pages"}, q


def test_a_code_or_a_text_is_no_word_to_find_by(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.RECEIVED, service_name="Airmail")
    make_message(rental, "771204", text="Only here")
    for who in (world.member, world.admin, world.finance):
        for q in ("771204", "only"):
            assert rentals(who, q) == []
        response = signed_in(who).get(page("find", world.team), {"q": "airmail"})
        assert rentals(who, "airmail") == ["Airmail"]
        assert "771204" not in response.text


def test_a_hit_shows_no_more_than_the_history(world: World) -> None:
    rental = make_rental(world.member, world.gig, service_name="Airmail")
    seen = {
        role: signed_in(getattr(world, role)).get(page("find", world.team), {"q": "airmail"}).text
        for role in ROLES
    }
    shown = {role for role in ROLES if rental.phone_e164[-4:] in seen[role]}
    assert shown == {"member", "admin"}
    named = {role for role in ROLES if world.member.user.email in seen[role]}
    assert named == {"member", "admin", "finance"}  # a member reads it in their own menu


def test_a_shared_board_is_found_by_all_who_rent(world: World) -> None:
    share(world)
    numbered(world.member, world, "+12025550123")
    assert rentals(world.colleague, "0123") == ["Airmail"]
    assert rentals(world.finance, "0123") == []
    assert rentals(world.finance, "airmail") == ["Airmail"]


def test_people_are_found_by_whoever_may_know_of_them(world: World) -> None:
    world.member.user.name = "Ada Example"
    world.member.user.save()
    address = world.member.user.email
    idle = make_member(world.team, Role.MEMBER)
    assert groups(world.admin, "ada")["people"] == ["Ada Example"]
    assert groups(world.admin, address)["people"] == ["Ada Example"]
    assert groups(world.admin, idle.user.email)["people"] == [str(idle.user)]
    assert "people" not in groups(world.finance, "ada")  # nobody has rented yet
    make_rental(world.member, world.gig)
    fold_spend()
    assert groups(world.finance, "ada")["people"] == ["Ada Example"]
    assert "people" not in groups(world.finance, address)  # pages call her by her name
    assert "people" not in groups(world.finance, idle.user.email)
    assert "people" not in groups(world.colleague, "ada")
    share(world)
    assert groups(world.colleague, "ada")["people"] == ["Ada Example"]


def test_services_lead_to_renting_or_to_what_was_rented(world: World) -> None:
    make_offer(world.gig, "WhatsApp")
    make_offer(world.villa, "WhatsApp")
    make_offer(world.villa, "My WhatsApp", service_code="other")
    make_rental(world.member, world.gig, service_name="WhatsApp & more")
    fold_spend()
    assert groups(world.member, "whatsapp")["services"] == ["WhatsApp", "My WhatsApp"]
    assert groups(world.finance, "whatsapp")["services"] == ["WhatsApp & more"]
    client = signed_in(world.finance)
    hit = client.get(page("find", world.team), {"q": "whatsapp"}).context["found"].groups[0].hits[0]
    assert [card.rental.service_name for card in client.get(hit.address).context["cards"]] == [
        "WhatsApp & more"
    ]


@pytest.mark.parametrize(
    "q",
    ["", " ", "nul\0", "%", "_", "\\", "'", "#", "+", "9" * 99, "٣" * 30, "a " * 60, "x" * 4000],
)
def test_whatever_is_typed_is_no_error(world: World, q: str) -> None:
    make_rental(world.member, world.gig)
    for role in ROLES:
        groups(getattr(world, role), q)
    assert len(found.wanted(q)) <= found.LONGEST


def test_htmx_gets_a_list_to_choose_from(world: World) -> None:
    make_rental(world.member, world.gig, service_name="Airmail")
    client, address = signed_in(world.member), page("find", world.team)
    response = client.get(address, {"q": "airmail"}, headers=HTMX)
    assert "<html" not in response.text
    assert response.text.count('role="option"') == 1
    assert 'data-said="1 found"' in response.text
    assert "HX-Request" in response["Vary"]
    nothing = client.get(address, {"q": "<b>nothing"}, headers=HTMX)
    assert "matches “&lt;b&gt;nothing”" in nothing.text


def test_each_emptiness_says_what_it_is(world: World) -> None:
    client, address = signed_in(world.member), page("find", world.team)
    assert "Board" in words(client.get(address))
    assert "Nothing that you may see matches “zzz”." in words(client.get(address, {"q": "zzz"}))


def test_looking_costs_the_same_however_much_there_is(world: World) -> None:
    client = signed_in(world.admin)

    def queries() -> int:
        make_rental(world.member, world.gig, service_name="Airmail")
        make_rental(make_member(world.team, Role.MEMBER), world.gig, service_name="Airmail 123")
        fold_spend()
        with CaptureQueriesContext(connection) as asked:
            client.get(page("find", world.team), {"q": "airmail 123"}, headers=HTMX)
        return len(asked)

    queries()  # the first page of a session writes down which team it was
    first = queries()
    assert first == queries()
    assert first <= 20
