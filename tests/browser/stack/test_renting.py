"""From the search to the code and its end, as a member does it, on the real portal."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.states import Role
from rentals.models import Rental
from rentals.states import RentalState
from sandbox.providers import Provider
from tests.browser.stack.conftest import Desk
from tests.factories import make_member, make_offer, make_rental
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def rent(page: Page, desk: Desk, provider: str = "smsgig") -> tuple[Rental, Locator]:
    """Search, choose, rent; gives the rental once it has a number, and its card."""
    page.get_by_role("searchbox", name="Search services").fill("whats")
    page.locator(f"#offer-{desk.offers[provider].pk}").check()
    page.get_by_role("button", name="Rent", exact=False).last.click()
    card = page.locator("#live .rental").first
    expect(card).to_contain_text("Waiting for SMS")
    return desk.rental(), card


@pytest.mark.parametrize("provider", ["smsgig", "smsvilla"])
def test_a_code_arrives_is_copied_and_the_rental_finished(desk: Desk, provider: str) -> None:
    page = desk.page()
    page.goto(desk.board)
    rental, card = rent(page, desk, provider)
    expect(card.get_by_role("button", name="Copy number")).to_be_visible()
    focused = page.evaluate("document.activeElement.id")
    desk.sms(rental, "482913")
    code = card.get_by_role("button", name="Copy code 482913")
    expect(code).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("4 8 2 9 1 3")
    assert page.evaluate("document.activeElement.id") == focused
    code.click()
    assert page.evaluate("navigator.clipboard.readText()") == "482913"
    card.get_by_role("button", name="Finish").click()
    expect(card).to_contain_text("Finished")
    assert desk.asked("/rent") == 1


def test_one_is_rented_then_another_is_searched_and_rented(desk: Desk) -> None:
    sold = desk.stack.sandbox.catalogue.get(Provider.SMSGIG, "telegram")
    make_offer(desk.accounts["smsgig"], sold.name, service_code=sold.code, price=sold.price)
    page = desk.page()
    page.goto(desk.board)
    rent(page, desk)
    for service in ("Telegram", "WhatsApp"):
        page.locator("#q").fill(service.lower())
        expect(page.locator("#offers .offer").first).to_contain_text(service)
        page.locator("#offers").get_by_role("radio").first.check()
        page.locator(".rent__go").click()
        expect(page.locator("#live .rental").first).to_contain_text("Waiting for SMS")
        expect(page.locator("#live .rental").first).to_contain_text(service)
    assert Rental.objects.filter(team=desk.team).count() == 3


def test_a_star_is_seen_and_met_by_a_finger(desk: Desk) -> None:
    page = desk.page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(desk.board)
    star = page.locator(f"#star-{desk.offers['smsvilla'].pk}")
    expect(star).to_be_visible()
    box = star.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 24
    star.tap()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#offers input").first).to_have_id(f"offer-{desk.offers['smsvilla'].pk}")


def test_the_number_is_copied_as_e164(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    rental, card = rent(page, desk)
    card.get_by_role("button", name="Copy number").click()
    assert page.evaluate("navigator.clipboard.readText()") == rental.phone_e164
    assert re.fullmatch(r"\+1\d{10}", rental.phone_e164)


def test_copying_works_where_the_browser_keeps_the_clipboard_for_https(desk: Desk) -> None:
    context = desk.context()
    context.add_init_script("delete Navigator.prototype.clipboard")
    page = desk.page(context)
    page.goto(desk.board)
    rental, card = rent(page, desk)
    card.get_by_role("button", name="Copy number").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    page.evaluate("document.getElementById('q').value = ''")
    page.locator("#q").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#q")).to_have_value(rental.phone_e164)


def test_a_rental_is_cancelled(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    rental, card = rent(page, desk)
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Cancelled")
    assert desk.asked("/cancel") == 1
    rental.refresh_from_db()
    assert rental.state == RentalState.CANCELLED


def test_another_sms_is_waited_for(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    rental, card = rent(page, desk)
    desk.sms(rental, "111111")
    expect(card.get_by_role("button", name="Copy code 111111")).to_be_visible()
    card.get_by_role("button", name="Wait for another SMS").click()
    expect(card).to_contain_text("Waiting for another")
    desk.sms(rental, "222222")
    expect(card.get_by_role("button", name="Copy code 222222")).to_be_visible()
    expect(card).to_contain_text("1 more SMS")


def test_a_double_click_is_one_rental(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.get_by_role("button", name="Rent", exact=False).last.dblclick()
    expect(page.locator("#live .rental")).to_have_count(1)
    expect(page.locator("#live .rental")).to_contain_text("Waiting for SMS")
    assert Rental.objects.filter(team=desk.team).count() == 1
    assert desk.asked("/rent") == 1


def test_what_the_provider_refuses_is_said(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    sold = desk.offers["smsgig"].service_code
    desk.stack.sandbox.catalogue.change(Provider.SMSGIG, sold, stock=0)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.get_by_role("button", name="Rent", exact=False).last.click()
    expect(page.locator("#live .rental").first).to_contain_text("Nothing was charged.")


def test_a_doubt_is_said_and_never_asked_twice(desk: Desk) -> None:
    desk.stack.sandbox.switches.on("smsgig", "cut", times=1)
    page = desk.page()
    page.goto(desk.board)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.get_by_role("button", name="Rent", exact=False).last.click()
    card = page.locator("#live .rental").first
    expect(card).to_contain_text("It may have been charged.")
    expect(card.get_by_role("button")).to_have_count(0)
    assert desk.asked("/rent") == 1


def test_catalogues_are_read_again(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    for account in desk.accounts.values():
        account.catalogue_read_at = None
        account.save()
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#toasts")).to_contain_text("being read again")
    expect(page.locator("#offers")).to_contain_text("more. Type to narrow")
    expect(page.get_by_role("button", name="Refresh")).to_be_enabled()


def test_an_admin_sees_anothers_code_after_saying_why(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    rental, card = rent(page, desk)
    desk.sms(rental, "909090")
    expect(card).to_contain_text("909090")
    admin = make_member(desk.team, Role.ADMIN)
    other = desk.page(desk.context(admin))
    other.goto(f"{desk.board}?who=team")
    expect(other.locator("#live .rental")).not_to_contain_text("909090")
    other.locator("#live .rental a").first.click()
    other.get_by_label("Why do you need to see it?").fill("The member is away")
    other.get_by_role("button", name="Show code").click()
    expect(other.get_by_role("button", name="Copy code 909090")).to_be_visible()
    other.goto(other.url)
    expect(other.get_by_label("Why do you need to see it?")).to_be_visible()


def test_filters_live_in_the_address(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    rental, _ = rent(page, desk)
    page.get_by_role("link", name="History").click()
    page.get_by_role("combobox", name="State").select_option("cancelled")
    expect(page.locator("#results")).to_contain_text("No rental matches")
    until(lambda: "state=cancelled" in page.url, "the address has the filter")
    page.reload()
    expect(page.locator("#results")).to_contain_text("No rental matches")
    page.go_back()
    expect(page.locator("#results")).to_contain_text("WhatsApp")
    kept = page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert rental.phone_e164 not in kept  # the browser keeps no page that had secrets


def test_enter_in_a_filter_asks_once(desk: Desk) -> None:
    rental = make_rental(desk.membership, desk.accounts["smsgig"], purpose="For the release")
    page = desk.page()
    page.goto(f"{desk.board}rentals/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "q=" in request.url else None)
    field = page.locator("#filters [name=q]")
    for words, found in (("release", rental.service_name), ("zzz", "No rental matches")):
        asked.clear()
        field.fill(words)
        field.press("Enter")
        expect(page.locator("#results")).to_contain_text(found)
        expect(page).to_have_url(re.compile(f"q={words}"))
        page.wait_for_load_state("networkidle")
        assert len(asked) == 1
    field.fill("release")
    field.press("Tab")  # leaving it is enough, as ever
    expect(page.locator("#results")).to_contain_text(rental.service_name)
