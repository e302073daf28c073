"""The keys of a page: what each does, where they are dead, and for whom."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership, User
from accounts.states import Role
from ledger.models import Refund
from ledger.states import RefundState
from rentals.models import Rental
from rentals.states import RentalState
from tests.browser.looks import inspect, violations
from tests.factories import (
    make_member,
    make_message,
    make_offer,
    make_provider_account,
    make_refund,
    make_rental,
    make_team,
)

pytestmark = [pytest.mark.browser, pytest.mark.processes]

# What has the focus, or the row around it, shows an outline; the whole page needs none.
RING = """() => {
  const part = document.activeElement.closest('.offer') ?? document.activeElement;
  return part !== document.body && getComputedStyle(part).outlineStyle !== 'none';
}"""


@pytest.fixture
def me(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), Role.MEMBER, Role.FINANCE)
    sign_in(membership.user)
    return membership


@pytest.fixture
def rentals(me: Membership) -> list[Rental]:
    """Three with a code each, the newest first as the board and the history have them."""
    account = make_provider_account(me.team, "smsgig")
    make_offer(account, "WhatsApp")
    now = timezone.now()
    made = [
        make_rental(
            me, account, RentalState.RECEIVED, at=now - timedelta(minutes=age), service_name=name
        )
        for age, name in enumerate(("Airmail", "Telegram", "eBay"), start=1)
    ]
    for rental, code in zip(made, ("111111", "222222", "333333"), strict=True):
        make_message(rental, code)
    return made


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with that text, name or label has the focus, always seen."""
    said = """() => [document.activeElement.textContent, document.activeElement.ariaLabel,
        document.activeElement.labels?.[0]?.textContent].join(' ')"""
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(RING)
        if name in page.evaluate(said):
            return
    raise AssertionError(f"{name} is not reached by Tab")


def copied(page: Page) -> str:
    expect(page.locator("#announcer")).to_have_text("Copied")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.textContent.trim()")
    return text


def test_the_help_lists_what_there_is_and_gives_the_focus_back(
    page: Page, me: Membership, rentals: list[Rental]
) -> None:
    page.goto(f"/t/{me.team.slug}/")
    press(page, "j", "?")
    keys = page.get_by_role("dialog", name="Keyboard")
    expect(keys).to_be_visible()
    expect(keys).to_contain_text("Rent a number")
    listed = keys.locator("[data-pages] > div").all_inner_texts()
    assert {("g", "y", "Your profile"), ("g", "b", "Board"), ("g", "r", "Refunds")} <= {
        tuple(" ".join(line.split()).split(" ", 2)) for line in listed
    }
    assert violations(page) == []
    press(page, "g", "h", "j", "c")
    expect(keys).to_be_visible()
    press(page, "Escape")
    expect(keys).to_be_hidden()
    assert focused(page) == "Airmail"


def test_every_page_of_the_menu_has_a_key_that_goes_there(
    page: Page, sign_in: Callable[[User], None]
) -> None:
    everything = make_member(make_team("Verity"), *Role)
    sign_in(everything.user)
    page.goto(f"/t/{everything.team.slug}/")
    menu = page.get_by_role("navigation", name="Pages", exact=True).locator("a:not([data-rent])")
    letters = menu.evaluate_all("all => all.map(link => link.dataset.go ?? link.textContent)")
    targets = menu.evaluate_all("all => all.map(link => link.href)")
    assert len(set(letters)) == len(targets) > 9
    for letter, target in zip(letters, targets, strict=True):
        press(page, "g", letter)
        expect(page).to_have_url(target)


def test_rows_are_walked_and_opened(page: Page, me: Membership, rentals: list[Rental]) -> None:
    page.goto(f"/t/{me.team.slug}/rentals/")
    for key, name in zip(
        "jjjkkj", ("Airmail", "Telegram", "eBay", "Telegram", "Airmail", "Telegram"), strict=True
    ):
        press(page, key)
        assert focused(page) == name
        assert page.evaluate(RING)
    press(page, "j", "j")
    assert focused(page) == "eBay"  # the last row is the end
    press(page, "k", "Enter")
    expect(page).to_have_url(re.compile(f"/rentals/{rentals[1].pk}/$"))


def test_a_code_is_copied_from_the_focused_row_else_the_newest(
    page: Page, me: Membership, rentals: list[Rental]
) -> None:
    for address in ("", "rentals/"):
        page.goto(f"/t/{me.team.slug}/{address}")
        press(page, "c")
        assert copied(page) == "333333"
        press(page, "j", "j", "c")
        page.wait_for_function("navigator.clipboard.readText().then(text => text === '222222')")


def test_the_search_of_a_page_gets_the_focus(
    page: Page, me: Membership, rentals: list[Rental]
) -> None:
    page.goto(f"/t/{me.team.slug}/rentals/?q=Airmail")
    press(page, "/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("eBay")
    press(page, "Tab")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text("eBay")


def test_rent_leads_to_the_services_from_anywhere(
    page: Page, me: Membership, rentals: list[Rental]
) -> None:
    page.goto(f"/t/{me.team.slug}/rentals/")
    press(page, "n")
    service = page.get_by_role("searchbox", name="Search services")
    expect(service).to_be_focused()
    page.locator("#main").focus()
    press(page, "n")
    expect(service).to_be_focused()


TYPED = "?/njkcgh"


@pytest.mark.parametrize(
    "field",
    [
        "<input id='typed'>",
        "<input id='typed' type='search'>",
        "<textarea id='typed'></textarea>",
        "<select id='typed'><option>hours</option><option>days</option></select>",
        "<div id='typed' contenteditable><p>text</p></div>",
    ],
)
def test_keys_are_dead_where_somebody_types(
    page: Page, me: Membership, rentals: list[Rental], field: str
) -> None:
    page.goto(f"/t/{me.team.slug}/")
    page.evaluate("navigator.clipboard.writeText('nothing')")
    page.evaluate(
        "field => document.getElementById('main').insertAdjacentHTML('afterbegin', field)", field
    )
    page.locator("#typed").focus()
    for key in TYPED:
        press(page, key)
    assert_nothing_happened(page, me)
    assert page.evaluate("document.activeElement.id") == "typed"


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_keys_are_dead_beside_a_modifier(
    page: Page, me: Membership, rentals: list[Rental], modifier: str
) -> None:
    page.goto(f"/t/{me.team.slug}/")
    page.evaluate("navigator.clipboard.writeText('nothing')")
    for key in "?/jcgh":  # with n the browser opens a window, with k there is the palette
        press(page, f"{modifier}+{key}")
    assert_nothing_happened(page, me)
    assert page.evaluate("document.activeElement === document.body")


def test_whoever_has_switched_them_off_is_told_so_and_left_alone(
    page: Page, me: Membership, rentals: list[Rental]
) -> None:
    page.goto("/profile/")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Your profile is kept")
    me.user.refresh_from_db()
    assert not me.user.hotkeys
    page.goto(f"/t/{me.team.slug}/")
    page.evaluate("navigator.clipboard.writeText('nothing')")
    for key in TYPED:
        press(page, key)
    assert_nothing_happened(page, me)
    you = page.locator("summary").filter(has_text="You and your settings")
    you.focus()
    press(page, "Enter")
    page.get_by_role("button", name="Keyboard").click()
    keys = page.get_by_role("dialog", name="Keyboard")
    expect(keys).to_contain_text("You have switched these keys off")
    keys.get_by_role("link", name="Switch them on").click()
    expect(page.get_by_label("Single-key shortcuts")).to_be_focused()


def assert_nothing_happened(page: Page, me: Membership) -> None:
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile(f"/t/{me.team.slug}/$"))
    assert page.evaluate("navigator.clipboard.readText()") == "nothing"


def test_escape_takes_back_a_g(page: Page, me: Membership, rentals: list[Rental]) -> None:
    page.goto(f"/t/{me.team.slug}/")
    press(page, "g", "Escape", "h", "g", "j", "j")
    assert focused(page) == "Airmail"  # the key after a g is no key of its own
    assert_url = re.compile(f"/t/{me.team.slug}/$")
    expect(page).to_have_url(assert_url)


def test_refunds_are_reviewed(page: Page, me: Membership, rentals: list[Rental]) -> None:
    account = rentals[0].account
    now = timezone.now()
    refunds = [
        make_refund(
            make_rental(
                me,
                account,
                RentalState.CANCELLED,
                at=now - timedelta(minutes=age),  # the first that is due comes first
                service_name=name,
            )
        )
        for age, name in ((9, "Viber"), (3, "Signal"))
    ]
    page.goto(f"/t/{me.team.slug}/")
    press(
        page,
        "g",
        "r",
    )
    expect(page.locator("#results tbody tr")).to_have_count(2)
    press(page, "j", "j")
    assert focused(page) == "Signal"
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("for Signal")
    tab_to(page, "Why is it given up?")
    page.keyboard.type("Their support refuses.")
    press(page, "Enter")
    expect(page.locator("#toasts")).to_contain_text("The refund is written off.")
    tab_to(page, "All refunds")
    press(page, "Enter")
    expect(page.locator(f"#refund-{refunds[1].pk}")).to_contain_text("Written off")
    press(page, "j")
    assert focused(page) == "Viber"
    tab_to(page, "Write off the refund for Viber")
    press(page, "Enter", "Tab")
    page.keyboard.type("Too little to ask for.")
    press(page, "Enter")
    expect(page.locator(f"#refund-{refunds[0].pk}")).to_contain_text("Written off")
    states = Refund.objects.filter(wallet=account).values_list("state", flat=True)
    assert list(states) == [RefundState.WRITTEN_OFF] * 2


def test_the_help_fits(page: Page, me: Membership, rentals: list[Rental]) -> None:
    page.goto(f"/t/{me.team.slug}/")
    press(page, "j", "?")
    keys = page.get_by_role("dialog", name="Keyboard")
    for width in (320, 390, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        assert keys.evaluate("part => part.scrollWidth <= part.clientWidth")
    assert inspect(page, "keys") == []
