"""A new team's first day: it is led to a key, to people and to its first number."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import operations
from accounts.models import Membership, Team
from accounts.states import Role
from sandbox.money import to_mills
from sandbox.providers import Provider
from tests.browser.looks import LAYOUTS, shoot
from tests.browser.stack.conftest import Desk
from tests.browser.stack.test_board import go
from tests.browser.stack.test_look import inspect
from tests.factories import (
    PASSWORD,
    make_member,
    make_offer,
    make_provider_account,
    make_team,
)

pytestmark = [pytest.mark.browser, pytest.mark.processes]

KEY = "browser-first-day-key"


def photograph(page: Page, name: str) -> None:
    for width, theme in LAYOUTS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        shoot(page, f"{name}-{width}-{theme}")


def sign_in(desk: Desk, who: Membership) -> Page:
    """By the door, as somebody whom the operator's commands made."""
    context = desk.context()
    context.clear_cookies()
    page = desk.page(context)
    page.goto("/")
    page.get_by_label("Email").fill(who.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    return page


def test_a_new_team_comes_to_its_first_code_in_three_steps(desk: Desk) -> None:
    desk.stack.sandbox.wallets.open(
        provider=Provider.SMSGIG, name=KEY, deposit=to_mills(Decimal(100)), keys=(KEY,)
    )
    team = operations.create_team(name="First day")
    admin, _ = operations.add_member(
        team=team, email="first@example.org", roles=[Role.ADMIN], password=PASSWORD, actor=None
    )
    page = sign_in(desk, admin)
    card = page.locator("#first-steps")
    expect(card).to_contain_text("0 of 3")
    card.get_by_role("link", name="Add a provider key").click()
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Check the key and add").click()
    expect(card).to_contain_text("1 of 3")
    expect(page.locator("#toasts")).to_contain_text("SMSGig is added")

    card.get_by_role("link", name="Invite people").click()
    page.get_by_label("E-mail address").fill("second@example.org")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("button", name="Copy the link")).to_be_visible()
    page.get_by_role("link", name="Back to the first steps").click()
    expect(card).to_contain_text("2 of 3")

    card.get_by_role("link", name="Search a service").click()
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("whatsapp")
    page.locator("#offers .offer").filter(has_text=re.compile("WhatsApp")).first.click()
    go(page).click()
    expect(card).to_be_hidden()
    expect(page.locator("#live .rental")).to_contain_text("Waiting for SMS")
    page.reload()
    expect(page.locator("#toasts")).to_contain_text("Your team is set up")
    expect(card).to_be_hidden()
    assert Team.objects.get(pk=team.pk).first_steps_over_at is not None


@pytest.mark.parametrize("taken", [0, 2])
def test_the_first_steps_can_be_read_by_everybody(desk: Desk, taken: int) -> None:
    team = make_team(first_steps_over_at=None)
    admin = make_member(team, Role.ADMIN)
    if taken:
        make_offer(make_provider_account(team, balance_read_at=timezone.now()))
        make_member(team, Role.FINANCE)
    page = desk.page(desk.context(admin))
    page.goto(f"/t/{team.slug}/")
    expect(page.locator("#first-steps")).to_contain_text(f"{taken} of 3")
    inspect(page, "the first steps")
    photograph(page, f"first-steps-{taken}")


def test_services_appear_by_themselves_after_a_key_was_added(desk: Desk) -> None:
    """Nobody has to know that a catalogue takes a few seconds."""
    team = make_team()
    admin = make_member(team, Role.ADMIN)
    page = desk.page(desk.context(admin))
    key = f"{KEY}-2"
    desk.stack.sandbox.wallets.open(
        provider=Provider.SMSVILLA, name=key, deposit=to_mills(Decimal(100)), keys=(key,)
    )
    page.goto(f"/t/{team.slug}/providers/add?provider=smsvilla")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Check the key and add").click()
    page.get_by_role("link", name="Board").click()
    expect(page.locator("#offers .offer").first).to_be_visible()


def test_the_first_steps_go_without_script(desk: Desk) -> None:
    admin = make_member(make_team(first_steps_over_at=None), Role.ADMIN)
    page = desk.page(desk.context(admin, java_script_enabled=False))
    page.goto(f"/t/{admin.team.slug}/")
    card = page.locator("#first-steps")
    card.get_by_text("Invite people").first.click()
    card.get_by_role("button", name="Not now").click()
    expect(card).to_contain_text("1 of 3")
    card.get_by_role("button", name="Put away").click()
    expect(card).to_be_hidden()
    page.goto(f"/t/{admin.team.slug}/settings/")
    page.get_by_role("button", name="Show them again").click()
    expect(card).to_contain_text("0 of 3")
