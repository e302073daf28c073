"""What was just done is undone by a toast; how long toasts stay, and where the focus goes."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.pages.undo import UNDO_FOR
from rentals.models import Favourite, Rental
from rentals.states import RentalState
from tests.browser.looks import inspect
from tests.browser.stack.conftest import Desk
from tests.browser.stack.test_board import connected
from tests.factories import make_message, make_rental
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def received(desk: Desk) -> Rental:
    """A rental whose code has come, of which no provider knows: nothing is to be told to one."""
    account, now = desk.accounts["smsvilla"], timezone.now()
    rental = make_rental(desk.membership, account, RentalState.RECEIVED, at=now)
    make_message(rental, "515151")
    return rental


def opened(desk: Desk) -> Page:
    page = desk.page()
    page.goto(desk.board)
    connected(page)
    return page


def toasts(page: Page) -> Locator:
    return page.locator("#toasts .toast")


def undo(page: Page) -> Locator:
    return toasts(page).get_by_role("button", name="Undo")


def finish(page: Page, rental: Rental) -> Locator:
    return page.locator(f"#finish-{rental.pk}")


def fresh(rental: Rental) -> Rental:
    return Rental.objects.get(pk=rental.pk)


def test_a_finish_is_undone_with_a_click(desk: Desk) -> None:
    rental = received(desk)
    page = opened(desk)
    finish(page, rental).click()
    card = page.locator(f"#rental-{rental.pk}")
    expect(card).to_contain_text("Finishing")
    expect(toasts(page)).to_contain_text("is being finished")
    left = toasts(page).locator("[data-seconds]")
    expect(left).to_have_text(re.compile("^[1-8]$"))
    undo(page).click()
    expect(finish(page, rental)).to_be_visible()
    expect(toasts(page)).to_have_count(1)
    expect(toasts(page)).to_contain_text("Not finished")
    assert fresh(rental).state == RentalState.RECEIVED
    assert fresh(rental).finish_requested_at is None


def test_a_finish_is_undone_by_keyboard_and_the_focus_stays_with_the_rental(desk: Desk) -> None:
    rental = received(desk)
    page = opened(desk)
    finish(page, rental).focus()
    page.keyboard.press("Enter")
    expect(undo(page)).to_be_visible()
    card = page.locator(f"#rental-{rental.pk}")
    expect(card).to_be_focused()
    page.keyboard.press("u")
    expect(finish(page, rental)).to_be_visible()
    expect(card).to_be_focused()
    assert fresh(rental).can_finish


def test_an_undo_that_is_pressed_itself_gives_the_focus_back(desk: Desk) -> None:
    rental = received(desk)
    page = opened(desk)
    finish(page, rental).focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#rental-{rental.pk}")).to_be_focused()
    undo(page).focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#rental-{rental.pk}")).to_be_focused()
    expect(finish(page, rental)).to_be_visible()


def test_what_is_not_undone_is_finished_when_its_toast_goes(desk: Desk) -> None:
    rental = received(desk)
    page = opened(desk)
    finish(page, rental).click()
    expect(undo(page)).to_be_visible()
    undo(page).hover()  # its time does not stop for that
    began = timezone.now()
    expect(undo(page)).to_have_count(0)
    assert timezone.now() - began > UNDO_FOR - timedelta(seconds=2)
    until(lambda: fresh(rental).state == RentalState.FINISHED, "it is finished")
    expect(page.locator(f"#rental-{rental.pk}")).to_contain_text("Finished")


def test_two_tabs_and_an_undo_that_comes_too_late(desk: Desk) -> None:
    desk.allowed += ("status of 409",)
    rental = received(desk)
    context = desk.context()
    first, second = desk.page(context), desk.page(context)
    for tab in (first, second):
        tab.goto(desk.board)
        connected(tab)
    finish(first, rental).click()
    expect(second.locator(f"#rental-{rental.pk}")).to_contain_text("Finishing")
    undo(first).click()
    expect(finish(second, rental)).to_be_visible()
    finish(first, rental).click()
    expect(undo(first)).to_be_visible()
    Rental.objects.filter(pk=rental.pk).update(control_tries=1)  # a worker has it
    undo(first).click()
    wrong = first.locator("#toasts .toast--bad")
    expect(wrong).to_contain_text("Too late to undo")
    expect(undo(first)).to_have_count(0)


def test_an_undo_needs_no_script(desk: Desk) -> None:
    rental = received(desk)
    page = desk.page(desk.context(java_script_enabled=False))
    page.goto(desk.board)
    page.get_by_role("button", name="Finish").click()
    undo(page).click()
    expect(toasts(page)).to_contain_text("Not finished")
    assert fresh(rental).can_finish


def test_a_star_that_was_taken_off_is_put_back(desk: Desk) -> None:
    offer = desk.offers["smsgig"]
    Favourite.objects.create(user=desk.membership.user, offer=offer)
    page = opened(desk)
    page.locator("#q").fill("what")
    star = page.locator(f"#star-{offer.pk}")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")
    undo(page).click()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#q")).to_have_value("what")
    assert Favourite.objects.filter(user=desk.membership.user, offer=offer).exists()


SAY = "([text, bad]) => document.dispatchEvent(new CustomEvent('toast', {detail: {text, bad}}))"


def test_news_goes_unless_somebody_is_at_it_and_errors_stay(desk: Desk) -> None:
    page = desk.page()
    page.clock.install()
    page.goto(desk.board)
    page.evaluate(SAY, ["News", False])
    page.evaluate(SAY, ["More news", False])
    page.evaluate(SAY, ["Wrong", True])
    region, said = page.locator("#toasts"), toasts(page).locator("> span")
    expect(region).to_have_attribute("aria-live", "polite")
    toasts(page).filter(has_text="More news").hover()
    page.clock.run_for(7000)
    expect(said).to_have_text(["More news", "Wrong"])
    page.mouse.move(0, 0)
    page.clock.run_for(1000)
    expect(said).to_have_text(["Wrong"])
    page.evaluate(SAY, ["Still more", False])
    toasts(page).filter(has_text="Still more").get_by_role("button").focus()
    page.clock.run_for(60_000)
    expect(said).to_have_text(["Wrong", "Still more"])
    page.keyboard.press("Enter")
    expect(said).to_have_text(["Wrong"])
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("#q").focus()
    toasts(page).get_by_role("button", name="Close").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_be_focused()


def test_it_fits(desk: Desk) -> None:
    rental = received(desk)
    page = opened(desk)
    finish(page, rental).click()
    expect(undo(page)).to_be_visible()
    page.evaluate(SAY, ["Something went wrong, and this says what can be done about it.", True])
    Rental.objects.filter(pk=rental.pk).update(control_at=timezone.now() + timedelta(hours=1))
    assert inspect(page, "undo") == []
