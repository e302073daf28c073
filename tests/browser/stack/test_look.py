"""Pages of rentals in states that they do not open in: for everybody, phone to desktop."""

import json
from datetime import timedelta
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
    page.locator("#offers input").first.check()
    inspect(page, "the board with an offer chosen")


@pytest.mark.parametrize("roles", [[Role.ADMIN], [Role.MEMBER]])
def test_the_first_board_of_a_team(desk: Desk, roles: list[Role]) -> None:
    newcomer = make_member(make_team(), *roles)
    page = desk.page(desk.context(newcomer))
    page.goto(f"/t/{newcomer.team.slug}/")
    inspect(page, "an empty board")


def test_no_match(desk: Desk) -> None:
    page = desk.page()
    page.goto(f"{desk.board}?q=zzz")
    inspect(page, "a search without a match")


def test_a_history_without_a_match(desk: Desk) -> None:
    page = desk.page()
    page.goto(f"{desk.board}rentals/?q=zzz&since=yesterday")
    inspect(page, "a history without a match")


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
