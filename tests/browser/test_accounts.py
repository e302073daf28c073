"""People, provider accounts and settings in a real browser: usable by keyboard and by ear."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import operations
from accounts.models import Membership, User
from accounts.states import Role
from tests.browser.looks import shoot
from tests.factories import make_member, make_provider_account, make_team

pytestmark = [pytest.mark.browser, pytest.mark.processes]

type SignIn = Callable[[User], None]


@pytest.fixture
def admin(page: Page, sign_in: SignIn) -> Membership:
    admin = make_member(make_team("Growth QA"), Role.ADMIN, Role.MEMBER)
    sign_in(admin.user)
    return admin


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_somebody_is_invited_by_a_link_and_joins(page: Page, admin: Membership) -> None:
    page.goto(f"/t/{admin.team.slug}/people/")
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_role("button", name="Copy the link")
    address = link.get_attribute("data-copy") or ""
    assert_accessible(page)
    page.reload()
    expect(link).not_to_be_visible()
    page.context.clear_cookies()
    page.goto(address)
    page.get_by_label("Your name").fill("Nia")
    assert_accessible(page)
    page.get_by_label("Choose a password").fill("correct horse battery")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("Welcome to Growth QA")).to_be_visible()
    assert User.objects.get(email="new@example.org").memberships.get().roles == ["member"]


def test_roles_are_set_and_members_removed_by_keyboard(page: Page, admin: Membership) -> None:
    other = make_member(admin.team, Role.MEMBER)
    page.goto(f"/t/{admin.team.slug}/people/")
    row = page.get_by_role("row").filter(has_text=other.user.email)
    row.get_by_label("Finance").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_text("has new roles")).to_be_visible()
    other.refresh_from_db()
    assert other.roles == ["member", "finance"]
    row.get_by_text("Remove …").focus()
    page.keyboard.press("Enter")
    row.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("is no longer in Growth QA")).to_be_visible()
    assert not Membership.objects.filter(pk=other.pk).exists()


def test_the_webhook_address_is_copied_in_one_click(page: Page, admin: Membership) -> None:
    account = make_provider_account(admin.team)
    page.goto(f"/t/{admin.team.slug}/providers/{account.pk}/")
    button = page.get_by_role("button", name="Copy the address")
    button.click()
    expect(button).to_have_attribute("data-copied", "")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == button.get_attribute("data-copy")
    assert "/hooks/smsvilla/" in copied


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_accessible(page: Page, admin: Membership, width: int) -> None:
    make_member(admin.team, Role.MEMBER)
    account = make_provider_account(admin.team)
    refused = make_provider_account(admin.team, "smsgig", key_refused_at=timezone.now())
    operations.invite(
        team=admin.team,
        email="invited@example.org",
        roles=[Role.FINANCE, Role.ADMIN],
        actor=admin.user,
        now=timezone.now() - timedelta(days=1),
    )
    page.set_viewport_size({"width": width, "height": 900})
    here = f"/t/{admin.team.slug}"
    addresses = {
        "people": f"{here}/people/",
        "accounts": f"{here}/providers/",
        "add-smsgig": f"{here}/providers/add",
        "add-smsvilla": f"{here}/providers/add?provider=smsvilla",
        "account": f"{here}/providers/{account.pk}/",
        "refused": f"{here}/providers/{refused.pk}/",
        "settings": f"{here}/settings/",
        "profile": "/profile/",
        "password": "/account/password/change/",
        "factors": "/account/2fa/",
        "sessions": "/account/sessions/",
    }
    for name, address in addresses.items():
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        shoot(page, f"{name}-{width}")
        assert_accessible(page)
    page.context.clear_cookies()
    for name, address in {
        "sign-in": "/account/login/",
        "forgotten": "/account/password/reset/",
        "closed": "/account/signup/",
    }.items():
        page.goto(address)
        shoot(page, f"{name}-{width}")
        assert_accessible(page)
