"""A session that has ended: to the sign-in page, and back to the same place."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from rentals.models import Rental
from rentals.states import RentalState
from tests.browser.stack.conftest import Desk
from tests.browser.stack.test_board import connected
from tests.factories import PASSWORD, make_rental
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def end_sessions(desk: Desk) -> None:
    Session.objects.all().delete()


def sign_in(page: Page, desk: Desk) -> None:
    expect(page).to_have_url(re.compile("/account/login/"))
    expect(page.locator("main.door")).to_be_visible()
    expect(page.locator("main")).to_have_count(1)  # the page itself, and nothing in a list
    page.get_by_label("Email").fill(desk.membership.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")


def history(desk: Desk, page: Page, rows: int = 3) -> str:
    for number in range(rows):
        state = RentalState.FINISHED if number else RentalState.CANCELLED
        make_rental(desk.membership, desk.accounts["smsgig"], state)
    address = f"{desk.board}rentals/"
    page.goto(address)
    return address


def test_a_filter_is_set_by_signing_in_again(desk: Desk) -> None:
    page = desk.page()
    address = history(desk, page)
    end_sessions(desk)
    page.get_by_role("combobox", name="State").select_option("finished")
    sign_in(page, desk)
    expect(page).to_have_url(re.compile(f"{address}[?].*state=finished"))
    expect(page.locator("#count")).to_have_text("2 rentals")


def test_the_second_page_is_come_to(desk: Desk) -> None:
    page = desk.page()
    address = history(desk, page, rows=30)
    page.get_by_role("combobox", name="State").select_option("finished")
    expect(page.locator("#count")).to_have_text("29 rentals")
    end_sessions(desk)
    page.get_by_role("link", name="2", exact=True).click()
    sign_in(page, desk)
    expect(page).to_have_url(re.compile(f"{address}[?].*state=finished.*page=2"))
    expect(page.locator("#results tbody tr")).to_have_count(4)


@pytest.mark.parametrize("script", [True, False])
def test_a_rent_is_not_sent_and_its_choice_waits(desk: Desk, script: bool) -> None:
    page = desk.page(desk.context(java_script_enabled=script))
    page.goto(desk.board)
    if script:
        connected(page)
    offer = page.locator(f"#offer-{desk.offers['smsvilla'].pk}")
    offer.check()
    page.get_by_label("Purpose").fill("Sign-up flow")
    page.get_by_label("Wanted number").fill("+12025550123")
    end_sessions(desk)
    page.locator(".rent__go").click()
    expect(page.locator("#toasts")).to_contain_text("nothing was done")
    sign_in(page, desk)
    expect(page).to_have_url(re.compile(f"{desk.board}$"))
    expect(page.locator("#toasts")).to_contain_text("Nothing was rented yet")
    expect(offer).to_be_checked()
    expect(page.get_by_label("Purpose")).to_have_value("Sign-up flow")
    expect(page.get_by_label("Wanted number")).to_have_value("+12025550123")
    assert not Rental.objects.filter(team=desk.team).exists()
    page.locator(".rent__go").click()
    until(lambda: Rental.objects.filter(team=desk.team).exists(), "it is rented")
    rental = desk.rental()
    assert (rental.account, rental.purpose) == (desk.accounts["smsvilla"], "Sign-up flow")


def test_signing_out_in_one_tab_leads_the_other_to_sign_in(desk: Desk) -> None:
    context = desk.context()
    first, second = desk.page(context), desk.page(context)
    desk.allowed += ("status of 401", "status of 403", "ERR_")
    first.goto(desk.board)
    connected(first)
    second.goto(f"{desk.board}rentals/")
    second.locator(".topbar__you > summary").click()
    second.get_by_role("button", name="Sign out").click()
    expect(first).to_have_url(re.compile("/account/login/"))
    sign_in(first, desk)
    expect(first).to_have_url(re.compile(f"{desk.board}$"))
