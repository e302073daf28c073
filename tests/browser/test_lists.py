"""Lists in a browser: each person's columns, and panels that stay open by the address."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import Membership, User
from accounts.states import Role
from tests.browser.looks import CHECKED, inspect
from tests.factories import make_member, make_rental, make_team
from tests.ledger.pages.populating import Populated, populate

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def me(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), *Role)
    sign_in(membership.user)
    return membership


@pytest.fixture
def world(me: Membership) -> Populated:
    world = populate(me.team, me.user)
    for account in (world.gig, world.villa):
        make_rental(me, account)
    return world


def lists(world: Populated) -> dict[str, str]:
    team = f"/t/{world.team.slug}"
    return {
        "history": f"{team}/rentals/?all",
        "spend": f"{team}/spend/?all",
        "refunds": f"{team}/refunds/?all",
        "statement": f"{team}/wallets/{world.gig.pk}/",
        "audit": f"{team}/audit/?all",
    }


def menu(page: Page) -> Locator:
    return page.locator("details:has(> #columns)")


def heads(page: Page) -> list[str]:
    """What stands above the columns that can be seen, with what reading them needs."""
    seen = page.locator("table[data-without] thead th:visible")
    return [text.strip() for text in seen.all_inner_texts() if text.strip()]


def lines(row: Locator) -> list[float]:
    """Where the lines of what stands in a row begin, in pixels; one where all is in a line."""
    tops = "all => all.map(each => each.getBoundingClientRect().top)"
    return sorted(set(row.locator("> *").evaluate_all(tops)))


@pytest.mark.timeout(120)
def test_columns_are_chosen_by_keyboard_and_kept(page: Page, world: Populated) -> None:
    page.goto(f"/t/{world.team.slug}/rentals/?sort=-price")
    assert "Account" in heads(page)
    page.locator("#columns").focus()
    page.keyboard.press("Enter")
    account = menu(page).get_by_label("Account")
    account.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Account")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"sort=-price#columns$"))
    expect(page.get_by_role("cell", name="Lagos")).to_be_hidden()
    page.goto(f"/t/{world.team.slug}/rentals/")
    assert "Account" not in heads(page)
    page.locator("#columns").click()
    expect(account).not_to_be_checked()
    account.check()
    menu(page).get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="Account")).to_be_visible()


@pytest.mark.timeout(120)
def test_each_list_hides_what_stands_below_its_heading(page: Page, world: Populated) -> None:
    for name, address in lists(world).items():
        page.goto(address)
        before = heads(page)
        page.locator("#columns").click()
        chosen = menu(page).get_by_role("checkbox").nth(1)
        label = menu(page).locator("label").nth(1).inner_text()
        chosen.uncheck()
        menu(page).get_by_role("button", name="Show these").click()
        expect(page.locator("table[data-without] thead th:visible")).to_have_count(
            page.locator("table[data-without] thead th").count() - 1
        )
        assert heads(page) == [each for each in before if each != label], name
        cells = page.locator("table[data-without] tbody tr").first.locator("> :visible")
        assert cells.count() == page.locator("table[data-without] thead th:visible").count(), name


@pytest.mark.timeout(120)
def test_columns_need_no_script(
    page: Page, world: Populated, me: Membership, chromium: Browser, web: str
) -> None:
    cookies = page.context.cookies()
    context = chromium.new_context(base_url=web, java_script_enabled=False)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    plain = context.new_page()
    plain.goto(f"/t/{world.team.slug}/rentals/?state=live")
    plain.locator("#columns").click()
    plain.get_by_role("checkbox", name="Price").uncheck()
    plain.get_by_role("button", name="Show these").click()
    expect(plain.get_by_role("columnheader", name="Price")).to_be_hidden()
    assert "state=live" in plain.url
    context.close()


@pytest.mark.timeout(300)
def test_the_choice_is_for_everybody(page: Page, world: Populated) -> None:
    wrong = []
    for name, address in lists(world).items():
        page.goto(address)
        page.locator("#columns").click()
        wrong += inspect(page, f"columns-{name}", CHECKED)
        menu(page).get_by_role("checkbox").nth(2).uncheck()
        menu(page).get_by_role("button", name="Show these").click()
        expect(menu(page)).not_to_have_attribute("open", "")
        wrong += inspect(page, f"columns-{name}-fewer", CHECKED)
        if len(lines(page.locator(".filters__go"))) > 1:
            wrong.append(f"{name} has its buttons below each other")
    assert wrong == []


@pytest.mark.timeout(120)
def test_a_panel_stays_open_by_a_reload_and_by_back(page: Page, world: Populated) -> None:
    wallet = f"/t/{world.team.slug}/wallets/{world.gig.pk}/?kind=purchase"
    page.goto(wallet)
    page.locator("#held > summary").click()
    expect(page).to_have_url(re.compile("kind=purchase&open=held$"))
    page.reload()
    expect(page.locator("#held")).to_have_attribute("open", "")
    page.get_by_role("link", name="Refunds").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refunds")
    page.go_back()
    expect(page.locator("#held")).to_have_attribute("open", "")
    page.locator("#held > summary").click()
    expect(page).to_have_url(re.compile("kind=purchase$"))


@pytest.mark.timeout(120)
def test_an_exception_that_is_looked_at_stays_open(page: Page, world: Populated) -> None:
    queue = f"/t/{world.team.slug}/exceptions/"
    item = page.locator(f"#exception-{world.exception.pk}")
    page.goto(queue)
    item.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(f"open=exception-{world.exception.pk}$"))
    page.reload()
    expect(item.get_by_text("What the provider says")).to_be_visible()
    item.get_by_role("link", name="Close").click()
    expect(page).to_have_url(re.compile(f"{queue}$"))


@pytest.mark.timeout(120)
def test_whoever_got_an_exception_by_mistake_gives_it_back(page: Page, world: Populated) -> None:
    page.goto(f"/t/{world.team.slug}/exceptions/{world.exception.pk}/")
    before = page.get_by_label("Assigned to").input_value()
    other = "" if before else str(world.finance.pk)
    page.get_by_label("Assigned to").select_option(other)
    page.get_by_role("button", name="Assign").click()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Assigned to")).to_have_value(before)
