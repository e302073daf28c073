"""Every page of rentals: both themes, phone to desktop, for everybody and every assistive tool."""

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.states import Role
from rentals.states import RentalState
from tests.browser.looks import CHECKED, RULES
from tests.browser.stack.conftest import Desk
from tests.factories import make_member, make_message, make_rental, make_team

pytestmark = [pytest.mark.browser, pytest.mark.processes]

WIDTHS = (320, 768, 1440)
WIDEST = "document.documentElement.scrollWidth"
MOST_BYTES, MOST_SCRIPT, MOST_REQUESTS = 60 * 1024, 30 * 1024, 8


def inspect(page: Page, name: str, part: str | None = None) -> None:
    """Nothing to scroll sideways at any width, and no violation in either layout and theme.

    `part` selects what the rules are held against, where the rest lies beneath it.
    """
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(WIDEST) <= width, f"{name} is wider than {width}"
        for theme in (theme for checked, theme in CHECKED if checked == width):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found = Axe().run(page, context=part, options=RULES).response["violations"]
            told = [(v["id"], [_said(node) for node in v["nodes"][:3]]) for v in found]
            assert told == [], f"{name} at {width} in {theme}: {json.dumps(told, indent=1)}"


def _said(node: dict[str, Any]) -> str:
    return f"{node['html'][:150]} {node['failureSummary']}"


def settle(desk: Desk) -> None:
    """A rental in every state there is."""
    account, now = desk.accounts["smsvilla"], timezone.now()
    for state in RentalState:
        rental = make_rental(desk.membership, account, state, at=now, purpose="A purpose")
        if state == RentalState.RECEIVED:
            make_message(rental, "111111")
            make_message(rental, "222222")
    unconfirmed = make_rental(desk.membership, account, at=now)
    make_message(unconfirmed, "333333", confirmed_at=None)
    worded = make_rental(desk.membership, account, RentalState.RECEIVED, at=now)
    make_message(worded, "", text="https://example.org/" + "a" * 300)
    nearly = make_rental(desk.membership, account, at=now - timedelta(seconds=1180))
    assert nearly.expires_at is not None


def test_the_board(desk: Desk) -> None:
    settle(desk)
    page = desk.page()
    page.goto(desk.board)
    expect(page.locator("#live .rental")).to_have_count(13)
    inspect(page, "the board")
    page.locator("#offers input").first.check()
    inspect(page, "the board with an offer chosen")


def test_the_board_of_finance(desk: Desk) -> None:
    settle(desk)
    page = desk.page(desk.context(make_member(desk.team, Role.FINANCE)))
    page.goto(desk.board)
    inspect(page, "the board of finance")


@pytest.mark.parametrize("roles", [[Role.ADMIN], [Role.MEMBER]])
def test_the_first_board_of_a_team(desk: Desk, roles: list[Role]) -> None:
    newcomer = make_member(make_team(), *roles)
    page = desk.page(desk.context(newcomer))
    page.goto(f"/t/{newcomer.team.slug}/")
    inspect(page, "an empty board")
    page.goto(f"/t/{newcomer.team.slug}/rentals/")
    inspect(page, "an empty history")


def test_no_match(desk: Desk) -> None:
    page = desk.page()
    page.goto(f"{desk.board}?q=zzz")
    inspect(page, "a search without a match")


def test_the_history(desk: Desk) -> None:
    settle(desk)
    admin = desk.page(desk.context(make_member(desk.team, Role.ADMIN)))
    for page in (desk.page(), admin):
        page.goto(f"{desk.board}rentals/")
        inspect(page, "the history")
    page.goto(f"{desk.board}rentals/?q=zzz&since=yesterday")
    inspect(page, "a history without a match")


def test_a_rental(desk: Desk) -> None:
    rental = make_rental(desk.membership, desk.accounts["smsgig"], RentalState.RECEIVED)
    make_message(rental)
    admin = desk.page(desk.context(make_member(desk.team, Role.ADMIN)))
    finance = desk.page(desk.context(make_member(desk.team, Role.FINANCE)))
    for page in (desk.page(), admin, finance):
        page.goto(f"{desk.board}rentals/{rental.pk}/")
        inspect(page, "a rental")


def test_a_missing_page(desk: Desk) -> None:
    desk.allowed += ("404",)
    page = desk.page()
    page.goto(f"{desk.board}rentals/999999999/")
    inspect(page, "a missing page")
    page.context.clear_cookies()
    page.goto("/nowhere")
    inspect(page, "a missing page for a stranger")


def test_the_open_menu(desk: Desk) -> None:
    make_member(make_team(), user=desk.membership.user)
    page = desk.page()
    page.goto(desk.board)
    page.locator(".menu--end > summary").click()
    inspect(page, "the user's menu", ".topbar")
    page.locator(".menu:not(.menu--end) > summary").click()
    inspect(page, "the menu of teams", ".topbar")


def test_a_theme_is_chosen_at_once_and_kept(desk: Desk) -> None:
    page = desk.page(color_scheme="light")
    page.goto(desk.board)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator(".menu--end > summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_first_load_is_light(desk: Desk) -> None:
    settle(desk)
    context = desk.context()
    page = desk.page(context)
    tools = context.new_cdp_session(page)
    sizes: dict[str, float] = {}
    addresses: dict[str, str] = {}
    tools.send("Network.enable")
    tools.on(
        "Network.responseReceived",
        lambda event: addresses.update({event["requestId"]: event["response"]["url"]}),
    )
    tools.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    response = page.goto(desk.board, wait_until="load")
    assert response is not None
    loaded = {addresses[key]: size for key, size in sizes.items() if "/live" not in addresses[key]}
    assert all(address.startswith(desk.stack.base) for address in loaded), loaded
    assert len(loaded) <= MOST_REQUESTS, loaded
    loaded[page.url] = len(gzip.compress(response.body()))  # as a proxy sends it
    assert sum(loaded.values()) <= MOST_BYTES, loaded
    script = sum(size for address, size in loaded.items() if Path(address).suffix == ".js")
    assert 0 < script <= MOST_SCRIPT, loaded
