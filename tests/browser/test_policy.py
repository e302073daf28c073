"""The policy in a browser: set, read, told where one rents; and what it had removed."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership, ProviderAccount, User
from accounts.states import Role
from rentals.models import Policy, Rental
from rentals.states import RentalState
from tests.browser.looks import inspect
from tests.factories import (
    make_member,
    make_message,
    make_offer,
    make_provider_account,
    make_rental,
    make_team,
)
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def admin(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), Role.ADMIN, Role.MEMBER)
    sign_in(membership.user)
    return membership


@pytest.fixture
def account(admin: Membership) -> ProviderAccount:
    account = make_provider_account(admin.team, "smsgig")
    for name, price in (("Airmail", "0.45"), ("Postbox", "0.95"), ("Quillwort courier", "2.5")):
        make_offer(account, name, price=Decimal(price))
    return account


@pytest.mark.timeout(300)
def test_it_is_set_and_told_where_one_rents(
    page: Page, admin: Membership, account: ProviderAccount
) -> None:
    policy, board = f"/t/{admin.team.slug}/policy/", f"/t/{admin.team.slug}/"
    page.goto(policy)
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Services allowed").fill("Airmail\nPostbux")
    page.get_by_label("Highest price, in USD").fill("0.50")
    page.get_by_label("Required, a ticket").check()
    page.get_by_label("Tickets").fill("QA-#\nINC####")
    page.get_by_label("Live rentals a member").fill("2")
    page.get_by_label("Everyone who rents").check()
    page.get_by_label("Days for which").fill("30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Postbox is there.")).to_be_visible()
    wrong = inspect(page, "policy-change")
    page.get_by_label("Services allowed").fill("Airmail\nPostbox")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The policy is kept.")).to_be_visible()
    wrong += inspect(page, "policy")
    page.goto(board)
    page.get_by_role("radio", name="Airmail").check()
    expect(page.get_by_role("radio", name="Postbox")).to_be_disabled()
    purpose = page.get_by_label("Purpose")
    expect(purpose).to_have_attribute("required", "")
    purpose.fill("Sign-up")
    page.get_by_role("button", name="Rent").click()
    expect(page.get_by_role("alert")).to_contain_text("such as QA-123 or INC1234")
    expect(page.get_by_role("alert")).to_contain_text(str(admin.user))
    wrong += inspect(page, "policy-refused")
    Policy.objects.update(purpose_rule="listed", purposes=["Sign-up", "Support"])
    page.goto(board)
    page.get_by_role("radio", name="Airmail").check()
    page.get_by_label("Purpose").select_option("Support")
    wrong += inspect(page, "policy-listed")
    page.get_by_role("button", name="Rent").click()
    until(Rental.objects.exists, "the rental is requested")
    assert Rental.objects.get().purpose == "Support"
    assert wrong == []


@pytest.mark.timeout(300)
def test_what_is_removed_is_said_to_be(
    page: Page, admin: Membership, account: ProviderAccount
) -> None:
    rental = make_rental(admin, account, RentalState.FINISHED)
    came = timezone.now() - timedelta(days=31, hours=1)
    make_message(rental, "", text="", seen_at=came, purged_at=timezone.now())
    make_message(rental, "771204")
    page.goto(f"/t/{admin.team.slug}/rentals/{rental.pk}/")
    wrong = inspect(page, "removed-in-part")
    page.get_by_label("Why is it removed?").fill("They asked us to.")
    page.get_by_label("Remove the phone number too").check()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("It is removed.")).to_be_visible()
    expect(page.get_by_text("771204")).to_have_count(0)
    expect(page.get_by_text("Remove what came")).to_have_count(0)
    wrong += inspect(page, "removed")
    assert wrong == []
