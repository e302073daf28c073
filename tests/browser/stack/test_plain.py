"""Everything that matters, without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from rentals.models import Rental
from rentals.states import RentalState
from tests.browser.stack.conftest import Desk
from tests.factories import PASSWORD
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_sign_in_rent_read_finish(desk: Desk) -> None:
    context = desk.context(java_script_enabled=False)
    context.clear_cookies()
    page = desk.page(context)
    page.goto("/")
    page.get_by_label("Email").fill(desk.membership.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("searchbox", name="Search services").fill("whatsapp")
    page.keyboard.press("Enter")
    expect(page.locator("#offers")).to_contain_text("WhatsApp")
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.get_by_label("Purpose").fill("Without script")
    page.locator(".rent__go").click()
    expect(page.locator("#toasts")).to_contain_text("on its way")
    until(lambda: desk.rental().state == RentalState.WAITING, "the rental has its number")
    rental = desk.rental()
    assert rental.purpose == "Without script"
    page.reload()
    expect(page.locator("#live .rental")).to_contain_text("until ")
    desk.sms(rental, "313131")
    until(lambda: rental.messages.exists(), "the SMS is there")
    page.reload()
    expect(page.locator("#live .rental")).to_contain_text("313131")
    page.get_by_role("button", name="Finish").click()
    until(lambda: desk.rental().state == RentalState.FINISHED, "it is finished")
    page.get_by_role("link", name="History").click()
    page.get_by_role("combobox", name="State").select_option("finished")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#results")).to_contain_text("313131")
    page.get_by_role("link", name="WhatsApp").click()
    expect(page.locator("#detail")).to_contain_text("Without script")


def test_a_rental_is_cancelled(desk: Desk) -> None:
    page = desk.page(java_script_enabled=False)
    page.goto(desk.board)
    page.locator(f"#offer-{desk.offers['smsvilla'].pk}").check()
    page.locator(".rent__go").click()
    until(lambda: desk.rental().state == RentalState.WAITING, "the rental has its number")
    page.reload()
    page.get_by_role("button", name="Cancel").click()
    expect(page).to_have_url(re.compile(f"{desk.board}$"))
    until(lambda: desk.rental().state == RentalState.CANCELLED, "it is cancelled")
    page.reload()
    expect(page.locator("#live .rental")).to_contain_text("Cancelled")


def test_the_fields_of_an_offer_need_no_script(desk: Desk) -> None:
    page = desk.page(java_script_enabled=False)
    page.goto(desk.board)
    expect(page.get_by_label("Area code")).to_be_hidden()
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    expect(page.get_by_label("Area code")).to_be_visible()
    expect(page.get_by_label("Wanted number")).to_be_hidden()
    page.locator(f"#offer-{desk.offers['smsvilla'].pk}").check()
    expect(page.get_by_label("Wanted number")).to_be_visible()


def test_the_theme_needs_no_script(desk: Desk) -> None:
    page = desk.page(java_script_enabled=False)
    page.goto(desk.board)
    page.locator(".menu--end > summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url.endswith(desk.board)
    assert not Rental.objects.filter(team=desk.team).exists()
