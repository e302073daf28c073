"""The palette: opened from anywhere, driven by keys or fingers, and the same as a plain page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from accounts.models import Membership, User
from accounts.states import Role
from rentals.models import Rental
from tests.browser.looks import CHECKED, shoot, violations
from tests.factories import make_member, make_offer, make_provider_account, make_rental, make_team

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def me(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), Role.MEMBER, Role.ADMIN)
    sign_in(membership.user)
    return membership


@pytest.fixture
def rental(me: Membership) -> Rental:
    account = make_provider_account(me.team, "smsgig")
    make_offer(account, "WhatsApp")
    make_offer(account, "WhatsApp Business")
    return make_rental(
        me, account, service_name="WhatsApp", purpose="Regression", phone_raw="12025550123"
    )


def palette(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Find")


def field(page: Page) -> Locator:
    return palette(page).get_by_role("combobox", name="Find")


def active(page: Page) -> str:
    """The text of the option that the field names as the active one."""
    text: str = page.evaluate(
        """() => {
            const id = document.activeElement.getAttribute('aria-activedescendant');
            const option = document.getElementById(id);
            return option?.ariaSelected === 'true' ? option.firstElementChild.textContent : '';
        }"""
    )
    return text


def test_it_opens_from_anywhere_and_gives_the_focus_back(page: Page, me: Membership) -> None:
    page.goto(f"/t/{me.team.slug}/people/")
    address = page.get_by_label("E-mail address")
    address.focus()
    for keys in ("Control+k", "Meta+k"):
        page.keyboard.press(keys)
        expect(field(page)).to_be_focused()
        expect(palette(page).get_by_role("option", name="Board")).to_be_visible()
        page.keyboard.press("Escape")
        expect(palette(page)).to_be_hidden()
        expect(address).to_be_focused()


def test_a_page_is_gone_to_by_a_few_letters(page: Page, me: Membership) -> None:
    page.goto(f"/t/{me.team.slug}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("audi")
    page.keyboard.press("Enter")  # before its list is there
    expect(page).to_have_url(re.compile("/audit/$"))


def test_arrows_choose_and_enter_opens(page: Page, me: Membership, rental: Rental) -> None:
    page.goto(f"/t/{me.team.slug}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("whats")
    expect(palette(page).get_by_role("option")).to_have_count(3)
    expect(palette(page).get_by_role("status")).to_have_text("3 found")
    assert active(page) == "WhatsApp"
    page.keyboard.press("ArrowDown")
    assert active(page) == "WhatsApp Business"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")  # from the last to the first
    page.keyboard.press("ArrowUp")  # and back
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("whats")
    assert active(page) == "WhatsApp"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/rentals/{rental.pk}/$"))


def test_the_page_adds_less_than_a_tenth_of_a_second_to_the_search(
    page: Page, me: Membership, rental: Rental
) -> None:
    """By its own clock, which stands while the server answers: its share is measured by
    `python -m benchmarks pages`, where nothing else is going on."""
    page.clock.install()
    page.goto(f"/t/{me.team.slug}/")
    page.keyboard.press("Control+k")
    page.clock.run_for(1000)
    expect(palette(page).get_by_role("option", name="Board")).to_be_visible()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    with page.expect_response(re.compile(r"/find/\?q=whats$")):
        field(page).fill("whats")
        page.clock.run_for(80)
    page.clock.run_for(20)
    expect(palette(page).get_by_role("option")).to_have_count(3)


def test_a_service_leads_to_its_offer(page: Page, me: Membership, rental: Rental) -> None:
    page.goto(f"/t/{me.team.slug}/rentals/")
    page.keyboard.press("Control+k")
    page.keyboard.type("whatsapp bus")
    expect(palette(page).get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#offers .offer")).to_have_count(1)
    expect(page.locator("#offers")).to_contain_text("WhatsApp Business")


def test_nothing_found_is_said(page: Page, me: Membership) -> None:
    page.goto(f"/t/{me.team.slug}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("<i>zzz")
    expect(palette(page)).to_contain_text("Nothing that you may see matches “<i>zzz”.")
    expect(palette(page).get_by_role("status")).to_have_text("Nothing found")
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(palette(page)).to_be_visible()


def test_a_late_answer_is_not_taken_for_what_is_typed_now(
    page: Page, me: Membership, rental: Rental
) -> None:
    page.goto(f"/t/{me.team.slug}/")
    held: list[Route] = []
    page.route(re.compile(r"/find/\?q=w$"), lambda route: held.append(route))
    page.keyboard.press("Control+k")
    expect(palette(page).get_by_role("option", name="Board")).to_be_visible()
    with page.expect_request(re.compile(r"/find/\?q=w$")):
        page.keyboard.type("w")
    page.keyboard.press("Backspace")
    page.keyboard.type("audit")
    page.keyboard.press("Enter")
    held[0].continue_()
    expect(page).to_have_url(re.compile("/audit/$"))


def test_what_was_closed_leads_nowhere(page: Page, me: Membership) -> None:
    page.goto(f"/t/{me.team.slug}/")
    held: list[Route] = []
    page.route(re.compile(r"/find/\?q=audit$"), lambda route: held.append(route))
    page.keyboard.press("Control+k")
    with page.expect_request(re.compile(r"/find/\?q=audit$")):
        page.keyboard.type("audit")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    held[0].continue_()
    expect(page.locator("#palette-found")).to_contain_text("Audit")
    page.keyboard.press("Control+k")
    expect(field(page)).to_be_focused()
    assert page.url.endswith(f"/t/{me.team.slug}/")


def test_the_same_words_are_sought_again(page: Page, me: Membership) -> None:
    page.goto(f"/t/{me.team.slug}/")
    for _ in range(2):
        page.keyboard.press("Control+k")
        expect(palette(page).get_by_role("option", name="Board")).to_be_visible()
        field(page).fill("audit")
        expect(palette(page).get_by_role("option")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(palette(page)).to_be_hidden()


def test_keys_of_the_page_are_dead_meanwhile(page: Page, me: Membership, rental: Rental) -> None:
    page.goto(f"/t/{me.team.slug}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("?g")
    expect(field(page)).to_have_value("?g")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()


def test_it_works_for_whoever_has_switched_off_single_keys(page: Page, me: Membership) -> None:
    me.user.hotkeys = False
    me.user.save()
    page.goto(f"/t/{me.team.slug}/")
    page.keyboard.press("Control+k")
    expect(field(page)).to_be_focused()


def test_a_finger_opens_chooses_and_closes(page: Page, me: Membership, rental: Rental) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"/t/{me.team.slug}/")
    button = page.get_by_role("link", name="Find")
    expect(button).to_be_in_viewport(ratio=1)
    button.click()
    palette(page).get_by_role("button", name="Close").click()
    expect(palette(page)).to_be_hidden()
    button.click()
    field(page).fill("0123")
    palette(page).get_by_role("option", name="WhatsApp").click()
    expect(page).to_have_url(re.compile(f"/rentals/{rental.pk}/$"))


def test_the_same_without_script(
    context: BrowserContext, chromium: Browser, web: str, me: Membership, rental: Rental
) -> None:
    plain = chromium.new_context(
        base_url=web, java_script_enabled=False, storage_state=context.storage_state()
    )
    page = plain.new_page()
    page.goto(f"/t/{me.team.slug}/")
    page.get_by_role("link", name="Find").click()
    expect(page.locator("main").get_by_role("link", name="Exchange rates")).to_be_visible()
    page.get_by_role("searchbox", name="Find").fill("0123")
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url(re.compile(r"/find/\?q=0123$"))
    page.locator("main").get_by_role("link", name="WhatsApp").click()
    expect(page).to_have_url(re.compile(f"/rentals/{rental.pk}/$"))
    plain.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits(page: Page, me: Membership, rental: Rental, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    wrong: list[str] = []
    for width in (320, 390, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"/t/{me.team.slug}/find/?q=whats")
        wrong += unfit(page, f"find-{width}-{theme}", rules=(width, theme) in CHECKED)
        page.goto(f"/t/{me.team.slug}/")
        page.keyboard.press("Control+k")
        for words, said in (("", " found"), ("whats", "3 found"), ("zzz", "Nothing found")):
            field(page).fill(words)
            expect(palette(page).get_by_role("status")).to_contain_text(said)
            name = f"palette-{words}-{width}-{theme}"
            wrong += unfit(page, name, rules=(width, theme) in CHECKED)
    assert wrong == []


def unfit(page: Page, name: str, *, rules: bool) -> list[str]:
    """What is wrong with the page as it is now; `rules` asks for axe's too."""
    shoot(page, name)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = violations(page) if rules else []
    return [f"{name}: {each}" for each in found] + [f"{name} is too wide"] * wide
