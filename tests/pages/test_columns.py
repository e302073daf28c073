"""The columns of a list: chosen by each person, kept, and counted as the page has them."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import HiddenColumns, Membership
from accounts.operations.saved_views import save_view
from accounts.pages.columns import chosen
from accounts.states import Role
from rentals.states import RentalState
from tests.factories import make_member, make_refund, make_rental
from tests.pages.clients import page, signed_in
from tests.pages.conftest import World

LISTS = ("rental_list", "spend", "refund_list", "wallet_detail", "audit_log")


def address(world: World, route: str) -> str:
    more = {"wallet": world.gig.pk} if route == "wallet_detail" else {}
    return page(route, world.team, **more)


def populate(world: World) -> Membership:
    """Somebody with every role, and a line in every list."""
    everything = make_member(world.team, *Role)
    make_rental(everything, world.gig, RentalState.FINISHED)
    make_refund(make_rental(everything, world.gig, RentalState.CANCELLED))
    save_view(owner=everything, page="spend", name="Ours", query="", shared=True)
    return everything


def choose(who: Membership, route: str, *shown: str, **how: Any) -> Any:
    form = {"list": route, "shown": shown}
    return signed_in(who).post(page("columns_choose", who.team), form, **how)


def table(who: Membership, world: World, route: str) -> str:
    """The list's table, as it is shown."""
    text = signed_in(who).get(address(world, route)).text
    found = re.search(r"<table[^>]* data-without=.*?</table>", text, re.S)
    assert found, route
    return found[0]


def heads(table: str) -> list[str]:
    """What stands above the columns, without the tags."""
    head = table.partition("</thead>")[0]
    cells = re.findall(r"<th[ >].*?</th>", head, re.S)
    plain = [re.sub(r"<svg.*?</svg>|<[^>]+>", "", cell, flags=re.S).strip() for cell in cells]
    return [each for each in plain if each != "Write off"]


def without(table: str) -> list[int]:
    found = re.search(r'data-without="([^"]*)"', table)
    assert found
    return [int(place) for place in found[1].split()]


@pytest.mark.parametrize("route", LISTS)
def test_a_list_names_its_columns_in_the_order_of_its_table(world: World, route: str) -> None:
    """Else it would be another column that is hidden."""
    everything = populate(world)
    named = [str(each.title) for each in chosen(everything, route).columns]
    shown = heads(table(everything, world, route))
    assert shown[1:] == named[1:]
    assert len(shown) == len(named)


def test_a_history_without_numbers_and_members_counts_what_is_left(world: World) -> None:
    populate(world)
    make_rental(world.member, world.gig)
    for who in (world.finance, world.member, world.admin):
        shown = heads(table(who, world, "rental_list"))
        assert shown == [str(each.title) for each in chosen(who, "rental_list").columns]


@pytest.mark.parametrize("route", LISTS)
def test_columns_are_hidden_for_whoever_chose_so(world: World, route: str) -> None:
    everything = populate(world)
    other = make_member(world.team, *Role)
    free = [each.key for each, _ in chosen(everything, route).choices]
    choose(everything, route, free[0], free[-1])
    keys = [each.key for each in chosen(everything, route).columns]
    hidden = [keys[place - 1] for place in without(table(everything, world, route))]
    assert hidden == free[1:-1]
    assert without(table(other, world, route)) == []
    choose(everything, route, *free)
    assert without(table(everything, world, route)) == []


def test_what_names_the_row_stays_and_unknown_words_are_ignored(world: World) -> None:
    everything = populate(world)
    choose(everything, "rental_list", "evil", "state'--", "\0", "x" * 5000)
    keys = [each.key for each in chosen(everything, "rental_list").columns]
    places = without(table(everything, world, "rental_list"))
    assert [keys[place - 1] for place in places] == keys[1:]


def test_a_column_that_is_not_there_for_a_role_keeps_its_choice(world: World) -> None:
    """Somebody may see members in one team and not in another."""
    choose(world.admin, "rental_list", "state", "number", "code", "price", "account", "requested")
    assert chosen(world.admin, "rental_list").hidden == {"member"}
    there = make_member(world.stranger.team, Role.MEMBER, user=world.admin.user)
    choose(there, "rental_list", "state")
    assert {"member", "price"} <= chosen(world.admin, "rental_list").hidden


@pytest.mark.parametrize("words", ["", "evil", "\0", "provider_accounts"])
def test_there_is_no_such_list(world: World, words: str) -> None:
    assert choose(world.admin, words, "state").status_code == 404
    assert not HiddenColumns.objects.exists()


def test_a_list_of_another_role_is_none(world: World) -> None:
    assert choose(world.member, "refund_list", "state").status_code == 404
    assert not HiddenColumns.objects.exists()


def test_one_comes_back_to_the_list_as_it_was_filtered(world: World) -> None:
    came_from = f"http://testserver{address(world, 'rental_list')}?state=finished&page=2"
    there = choose(world.member, "rental_list", "state", headers={"Referer": came_from})
    assert there["Location"] == f"{address(world, 'rental_list')}?state=finished&page=2#columns"
    elsewhere = {"Referer": "http://elsewhere.example/t/x/"}
    assert choose(world.member, "rental_list", headers=elsewhere)["Location"] == "/#columns"


def test_a_file_has_all_columns(world: World) -> None:
    everything = populate(world)
    client, file = signed_in(everything), page("history_export", world.team)
    whole = b"".join(client.get(file, {"format": "csv"}))
    choose(everything, "rental_list", "state")
    assert b"".join(client.get(file, {"format": "csv"})) == whole


@pytest.mark.parametrize("route", LISTS)
def test_a_choice_costs_no_query_more(world: World, route: str) -> None:
    everything = populate(world)
    client = signed_in(everything)
    client.get(address(world, route))  # the first one of a session writes down the team

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(address(world, route))
        return len(asked)

    before = queries()
    choose(everything, route)
    assert queries() == before
