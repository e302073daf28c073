"""The ledger's pages in a browser: for everybody, by keyboard and without losing one's place."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Membership, User
from accounts.states import Role
from tests.factories import make_member, make_team
from tests.ledger.pages.populating import Populated, populate

pytestmark = [pytest.mark.browser, pytest.mark.processes]

RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
LAYOUTS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((320, "light"), (1440, "dark"))


@pytest.fixture
def finance(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), Role.FINANCE)
    membership.user.name = "Ada Example"
    membership.user.save()
    sign_in(membership.user)
    return membership


@pytest.fixture
def world(finance: Membership) -> Populated:
    return populate(finance.team, finance.user)


def inspect(page: Page, name: str) -> list[str]:
    """What is wrong with a page: wider than the screen, or in somebody's way."""
    wrong = []
    for width, theme in LAYOUTS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name} is wider than {width}")
        shoot(page, f"{name}-{width}-{theme}")
        found = Axe().run(page, options=RULES).response["violations"]
        wrong += [f"{name} at {width} in {theme}: {_said(each)}" for each in found]
    return wrong


def _said(violation: dict[str, Any]) -> list[str]:
    return [violation["id"], *(node["html"][:200] for node in violation["nodes"][:3])]


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def pages(world: Populated) -> dict[str, str]:
    closed = f"{world.closed:%Y-%m}"
    return {
        "wallets": "wallets/",
        "wallet": f"wallets/{world.gig.pk}/",
        "statement-month": f"wallets/{world.gig.pk}/?month={closed}",
        "statement-nothing": f"wallets/{world.gig.pk}/?q=nothing",
        "refunds": "refunds/",
        "refunds-nothing": "refunds/?q=nothing",
        "exceptions": "exceptions/",
        "exceptions-resolved": "exceptions/?show=resolved",
        "exception": f"exceptions/{world.exception.pk}/",
        "months": "months/",
        "month-closed": f"months/{world.gig.pk}/{closed}/",
        "month-open": f"months/{world.villa.pk}/{closed}/",
        "rates": "rates/",
    }


@pytest.mark.timeout(600)
def test_every_page_is_for_everybody(page: Page, world: Populated) -> None:
    wrong: list[str] = []
    for name, address in pages(world).items():
        response = page.goto(f"/t/{world.team.slug}/{address}")
        assert response is not None
        assert response.ok
        wrong += inspect(page, name)
    assert wrong == []


@pytest.mark.timeout(300)
def test_an_empty_team_is_told_how_it_begins(page: Page, finance: Membership) -> None:
    wrong: list[str] = []
    for name in ("wallets", "refunds", "exceptions", "months", "rates"):
        page.goto(f"/t/{finance.team.slug}/{name}/")
        wrong += inspect(page, f"{name}-empty")
    assert wrong == []


def test_a_decision_keeps_ones_place_in_the_queue(page: Page, world: Populated) -> None:
    page.goto(f"/t/{world.team.slug}/exceptions/")
    line = page.locator(f"#exception-{world.exception.pk}")
    line.get_by_role("link").first.click()
    line.get_by_label("Outside use").check()
    line.get_by_label("Reason").last.fill("Tried out by hand.")
    line.get_by_role("button", name="Resolve").click()
    expect(line).to_contain_text("Tried out by hand.")
    expect(page.locator("#open-exceptions")).to_contain_text("6")
    expect(line.get_by_role("heading", level=2)).to_be_focused()
    assert page.url.endswith("/exceptions/")
    expect(page.locator(".queue__item")).to_have_count(7)
    line.get_by_role("link", name="Close").click()
    expect(line.get_by_role("link").first).to_be_focused()
