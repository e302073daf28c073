"""What makes lists easy to read: how they wait, scroll and come back, and how times are written."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from accounts.models import Membership, ProviderAccount, User
from accounts.states import Role
from rentals.models import Favourite, Offer
from rentals.states import RentalState
from tests.factories import make_member, make_offer, make_provider_account, make_rental, make_team

pytestmark = [pytest.mark.browser, pytest.mark.processes]

ROWS = 60
# The outline that stands in for a list: its delay, and how much of it is seen at such a time (ms).
OUTLINE = """at => {
  const [shown] = document.getAnimations()
    .filter(({ effect }) => effect.target.id === "results" && effect.pseudoElement === "::after");
  shown.pause();
  shown.currentTime = at;
  return Number(getComputedStyle(shown.effect.target, "::after").opacity);
}"""
# Where the words of each part begin, in pixels.
STARTS = """all => all.map((part) => {
  const words = document.createRange();
  words.selectNode(document.createTreeWalker(part, NodeFilter.SHOW_TEXT).nextNode());
  return Math.round(words.getBoundingClientRect().left);
})"""
MOVES = (
    """() => document.getAnimations().map(({ effect }) => effect.getComputedTiming().duration)"""
)


@pytest.fixture
def me(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), *Role)
    membership.user.time_zone = "Asia/Tokyo"
    membership.user.save()
    sign_in(membership.user)
    return membership


@pytest.fixture
def account(me: Membership) -> ProviderAccount:
    return make_provider_account(me.team, "smsgig")


@pytest.fixture
def history(me: Membership, account: ProviderAccount) -> str:
    """Its address; two and a half pages of rentals, of which half were cancelled."""
    at = datetime(2026, 3, 1, 16, 5, tzinfo=UTC)  # past midnight in Tokyo
    for number in range(ROWS):
        state = RentalState.CANCELLED if number % 2 else RentalState.FINISHED
        charged = Decimal("1234.5") if number == ROWS - 1 else Decimal("0.45")
        make_rental(me, account, state, at=at + timedelta(seconds=number), charged=charged)
    return f"/t/{me.team.slug}/rentals/"


def rows(page: Page) -> Locator:
    return page.locator("#results tbody tr")


def test_filters_sort_and_page_come_back_by_reload_and_back(page: Page, history: str) -> None:
    page.goto(history)
    page.get_by_role("combobox", name="State").select_option("cancelled")
    expect(page.locator("#count")).to_have_text("30 rentals")
    page.get_by_role("columnheader", name="Price").get_by_role("link").click()
    expect(page).to_have_url(re.compile("state=cancelled.*sort="))
    page.locator("#results").get_by_role("link", name="2", exact=True).click()
    expect(rows(page)).to_have_count(5)
    expect(page).to_have_url(re.compile("state=cancelled.*sort=.*page=2"))
    there = rows(page).all_inner_texts()
    page.reload()
    assert rows(page).all_inner_texts() == there
    expect(page.get_by_role("combobox", name="State")).to_have_value("cancelled")
    page.go_back()
    expect(rows(page)).to_have_count(25)
    expect(page).not_to_have_url(re.compile("page=2"))
    page.go_back()
    expect(page).not_to_have_url(re.compile("sort="))
    expect(page.locator("#count")).to_have_text("30 rentals")
    page.go_back()
    expect(page.locator("#count")).to_have_text(f"{ROWS} rentals")


def test_filters_sort_and_page_need_no_script(
    page: Page, history: str, chromium: Browser, web: str
) -> None:
    context = chromium.new_context(base_url=web, java_script_enabled=False)
    context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    plain = context.new_page()
    plain.goto(history)
    plain.get_by_role("combobox", name="State").select_option("cancelled")
    plain.get_by_role("button", name="Filter").click()
    expect(plain.locator("#count")).to_have_text("30 rentals")
    plain.get_by_role("columnheader", name="Price").get_by_role("link").click()
    expect(plain).to_have_url(re.compile("state=cancelled.*sort="))
    for link, rest in (("2", 5), ("Previous", 25), ("Next", 5)):
        plain.locator("#results").get_by_role("link", name=link, exact=True).click()
        expect(rows(plain)).to_have_count(rest)
        expect(plain).to_have_url(re.compile("state=cancelled.*sort="))
    plain.get_by_role("link", name="Clear").click()
    expect(plain.locator("#count")).to_have_text(f"{ROWS} rentals")
    context.close()


def test_an_outline_stands_after_200_ms_and_moves_nothing(page: Page, history: str) -> None:
    page.goto(history)
    held: list[Route] = []
    page.route("**/rentals/?*state=*", lambda route: held.append(route))
    before = page.locator("#results").bounding_box()
    with page.expect_request("**/rentals/?*state=*"):
        page.get_by_role("combobox", name="State").select_option("cancelled")
    expect(page.locator("#filters")).to_have_class(re.compile("htmx-request"))
    for motion in ("no-preference", "reduce"):
        page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
        assert page.evaluate(OUTLINE, 195) == 0
        assert page.evaluate(OUTLINE, 400) == 1
    assert page.locator("#results").bounding_box() == before
    held[0].continue_()
    expect(page.locator("#count")).to_have_text("30 rentals")


def test_who_wants_less_motion_gets_none(page: Page, history: str) -> None:
    page.goto(history)
    held: list[Route] = []
    page.route("**/rentals/?*state=*", lambda route: held.append(route))
    page.get_by_role("combobox", name="State").select_option("cancelled")
    expect(page.locator("#filters")).to_have_class(re.compile("htmx-request"))
    assert max(page.evaluate(MOVES)) > 100
    page.emulate_media(reduced_motion="reduce")
    assert max(page.evaluate(MOVES)) <= 1
    held[0].continue_()
    expect(page.locator("#count")).to_have_text("30 rentals")


def test_heads_of_a_long_list_stay_in_sight(page: Page, history: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 700})
    page.goto(history)
    rows(page).last.scroll_into_view_if_needed()
    head, bar = page.locator("#results thead th").first, page.locator(".topbar")
    expect(head).to_be_in_viewport(ratio=1)
    above, below = bar.bounding_box(), head.bounding_box()
    assert above
    assert below
    assert abs(below["y"] - above["height"]) <= 1


def test_a_time_is_ones_own_with_utc_at_hand(page: Page, history: str) -> None:
    page.goto(history)
    time = rows(page).last.locator("time").first
    expect(time).to_have_text(re.compile("^2 Mar, 01:05$"))
    expect(time).to_have_attribute("title", "2026-03-01 16:05:35 UTC")


def test_amounts_have_a_currency_and_stand_below_each_other(page: Page, history: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(history)
    amounts = page.locator("#results .history__price .money")
    assert {"USD 1,234.50", "USD 0.45"} <= {" ".join(t.split()) for t in amounts.all_inner_texts()}
    ends = amounts.evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
    assert max(ends) - min(ends) < 1
    style = "all => [...new Set(all.map(each => getComputedStyle(each).fontVariantNumeric))]"
    assert amounts.evaluate_all(style) == ["tabular-nums"]
    page.set_viewport_size({"width": 390, "height": 844})
    first = rows(page).first.locator(".history__service, .history__number, .history__account")
    assert len(set(first.evaluate_all(STARTS))) == 1


def test_a_number_is_written_both_ways_and_copied_as_e164(
    page: Page, me: Membership, account: ProviderAccount
) -> None:
    rental = make_rental(me, account, phone_raw="12025550123", phone_e164="+12025550123")
    for address in ("", f"rentals/{rental.pk}/"):
        page.goto(f"/t/{me.team.slug}/{address}")
        card = page.locator(f"#rental-{rental.pk}")
        expect(card).to_contain_text("+1 202-555-0123")
        expect(card).to_contain_text("(202) 555-0123")
        card.get_by_role("button", name="Copy number").click()
        page.wait_for_function("navigator.clipboard.readText().then(t => t === '+12025550123')")
        page.evaluate("navigator.clipboard.writeText('')")


def test_offers_are_compared_side_by_side_with_ones_own_first(
    page: Page, me: Membership, account: ProviderAccount
) -> None:
    facts = {"tried": 40, "codes": 37, "median_wait": 14, "stock": 1200, "ttl": 1200}
    offers = {name: make_offer(account, name, **facts) for name in ("Alpha", "Beta", "Gamma")}
    make_offer(account, "Delta", stock=0, price=Decimal("10.5"))
    gamma = offers["Gamma"]
    make_rental(
        me, account, RentalState.CANCELLED, service_code=gamma.service_code, area_code="202"
    )
    Favourite.objects.create(user=me.user, offer=offers["Beta"])
    colleague = make_member(me.team, Role.MEMBER)  # whose choices, though newer, are their own
    make_rental(colleague, account, service_code=offers["Alpha"].service_code, area_code="305")
    Favourite.objects.create(user=colleague.user, offer=offers["Alpha"])
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/t/{me.team.slug}/")
    names = page.locator("#offers .offer__name")
    expect(names).to_have_text(["Beta", "Gamma", "Alpha", "Delta"])
    said = " ".join((page.locator("#offers .offer").first.text_content() or "").split())
    for part in ("USD 0.45", "1,200 in stock", "lasts 20 min", "92 % got a code", "within 14 s"):
        assert part in said
    heads = page.locator(".offers__head > span")
    expect(heads).to_have_text(["In stock", "Lasts", "Success", "Wait"])
    each = page.locator("#offers .offer__choice .offer__facts")
    expect(each.first.locator("> span")).to_have_text(["1,200", "20 min", "92 %", "14 s"])
    for offer in each.all():
        assert places(offer.locator("> span")) == places(heads)
    page.locator(f"#offer-{Offer.objects.get(name='Alpha').pk}").check()
    expect(page.get_by_label("Area code")).to_have_value("202")


def places(parts: Locator) -> list[int]:
    """Where each of them ends, in pixels."""
    ends = "all => all.map(each => Math.round(each.getBoundingClientRect().right))"
    found: list[int] = parts.evaluate_all(ends)
    return found


def test_what_is_chosen_is_seen_in_a_browsers_own_colours(page: Page, history: str) -> None:
    page.goto(f"{history}?state=cancelled")
    page.emulate_media(forced_colors="active")
    # A colour that the browser does not put its own in the place of.
    colour = """part => {
      const { forcedColorAdjust, backgroundColor } = getComputedStyle(part);
      return forcedColorAdjust === "none" ? backgroundColor : "";
    }"""
    menu = page.get_by_role("navigation", name="Pages", exact=True)
    pages = page.get_by_role("navigation", name="Pages of the list")
    for links in (menu.locator("a:visible"), pages.locator("a, [aria-current]")):
        chosen, other = links.and_(page.locator("[aria-current]")), links.last
        assert chosen.evaluate(colour) != other.evaluate(colour)


def test_a_low_screen_is_not_covered_by_the_menu(page: Page, history: str) -> None:
    """320 by 256 is 1280 by 1024 at 400 %."""
    nav = page.get_by_role("navigation", name="Pages", exact=True)
    for height, stays in ((640, True), (256, False)):
        page.set_viewport_size({"width": 320, "height": height})
        page.goto(history)
        expect(nav.get_by_role("link", name="Board")).to_be_visible()
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        expect(nav).to_be_in_viewport() if stays else expect(nav).not_to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    nav.get_by_role("button", name="More").click()
    expect(nav.get_by_role("link", name="Refunds")).to_be_in_viewport(ratio=1)


def test_a_page_bears_text_twice_as_large(page: Page, me: Membership, history: str) -> None:
    page.set_viewport_size({"width": 640, "height": 900})
    for address in (history, f"/t/{me.team.slug}/", "/profile/"):
        page.goto(address)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, address
