"""By keyboard alone, with the focus always to be seen."""

import pytest
from playwright.sync_api import Page, expect

from rentals.models import Rental
from tests.browser.stack.conftest import Desk
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

RING = """() => {
  const part = document.activeElement.closest('.offer') ?? document.activeElement;
  const style = getComputedStyle(part);
  const seen = style.outlineStyle !== 'none' || part.matches('[tabindex="-1"]');
  return part !== document.body && seen;
}"""


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        # What has it may be read anew in this moment: its successor has it in the next.
        until(lambda: page.evaluate(RING), f"the focus can be seen after {key}", 5)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name has the focus."""
    for _ in range(60):
        press(page, "Tab")
        if name in page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_rent_copy_and_finish(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    page.keyboard.press("/")
    with page.expect_response("**/offers?*q=whatsapp*"):
        page.keyboard.type("whatsapp")
    expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)
    expect(page.locator("#offers .offer")).to_have_count(2)
    press(page, "ArrowDown")
    expect(page.locator("#offers :checked")).to_be_focused()
    page.keyboard.press("Enter")
    card = page.locator("#live .rental").first
    expect(card).to_be_focused()
    expect(card).to_contain_text("Waiting for SMS")
    rental = desk.rental()
    desk.sms(rental, "404040")
    expect(card).to_contain_text("404040")
    page.keyboard.press("c")
    expect(page.locator("#announcer")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "404040"
    tab_to(page, "Finish")
    page.keyboard.press("Enter")
    expect(card).to_contain_text("Finished")


def test_hotkeys_are_letters_where_somebody_types(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    page.locator("#q").focus()
    page.keyboard.type("c/c")
    expect(page.locator("#q")).to_have_value("c/c")


def test_enter_pressed_many_times_is_one_rental(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.locator(".rent__go").focus()
    for _ in range(5):
        page.keyboard.press("Enter")
    expect(page.locator("#live .rental").first).to_contain_text("Waiting for SMS")
    assert Rental.objects.filter(team=desk.team).count() == 1


def test_enter_held_down_is_one_rental(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.locator(".rent__go").focus()
    page.keyboard.down("Enter")
    expect(page.locator("#live .rental").first).to_contain_text("Waiting for SMS")
    page.locator(f"#offer-{desk.offers['smsvilla'].pk}").check()
    page.locator(".rent__go").focus()
    with page.expect_event("request", lambda request: "offers" in request.url):
        for _ in range(5):
            page.keyboard.down("Enter")  # the browser says that it is held
        page.keyboard.up("Enter")
        page.locator("#q").fill("what")
    assert Rental.objects.filter(team=desk.team).count() == 1


def test_the_first_tab_skips_to_the_content(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    press(page, "Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_escape_closes_a_menu_and_gives_the_focus_back(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    menu = page.locator("details.menu--end")
    menu.locator("summary").focus()
    press(page, "Enter", "Tab", "Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()
