"""The design system's page is there for who works on the pages, and for nobody else."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from rentals.states import RentalState
from tests.access.world import fingerprint
from tests.pages.clients import signed_in
from tests.pages.conftest import World

ADDRESS = "/design/"
METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def test_it_is_not_there_unless_it_is_wanted(world: World) -> None:
    for client in (Client(), *map(signed_in, (world.member, world.finance, world.admin))):
        assert client.get(ADDRESS).status_code == 404


def test_it_asks_to_sign_in(world: World, settings: Settings) -> None:
    settings.DESIGN_PAGE = True
    response = Client().get(ADDRESS)
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/")


def test_it_shows_every_state_and_asks_no_row(world: World, settings: Settings) -> None:
    settings.DESIGN_PAGE = True
    client = signed_in(world.member)
    before = fingerprint()
    with CaptureQueriesContext(connection) as asked:
        page = client.get(ADDRESS).text
    assert not [each for each in asked if "rentals_" in each["sql"] or "ledger_" in each["sql"]]
    for state in RentalState:
        assert f'class="card rental rental--{state}' in page
    for method in METHODS:
        assert client.generic(method, ADDRESS).status_code == 405
    assert fingerprint() == before


@pytest.mark.parametrize(("toast", "look"), [("ok", "toast--ok"), ("bad", "toast--bad")])
def test_it_says_something_in_passing(
    world: World, settings: Settings, toast: str, look: str
) -> None:
    settings.DESIGN_PAGE = True
    page = signed_in(world.member).get(ADDRESS, {"toast": toast}).text
    assert f'class="toast {look}" data-toast' in page


def test_it_offers_an_undo_and_columns(world: World, settings: Settings) -> None:
    settings.DESIGN_PAGE = True
    page = signed_in(world.member).get(ADDRESS, {"toast": "undo"}).text
    assert page.count('class="toast__undo') == 3  # as it is offered, as it is sent, and in passing
    assert "data-undo" in page
    assert re.search(r'value="state" id="column-state" checked', page)
    assert re.search(r'value="cost" id="column-cost">', page)
