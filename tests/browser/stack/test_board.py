"""What the board does by itself: it says what came, counts down, and shows a rental at once."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from rentals import channels
from rentals.models import Offer, Rental
from rentals.states import RentalState
from sandbox.providers import Provider
from tests.browser.looks import LAYOUTS, shoot
from tests.browser.stack.conftest import Desk
from tests.factories import make_message, make_offer, make_rental
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

LISTEN = """
window.said = [];
addEventListener("DOMContentLoaded", () => {
  const line = document.getElementById("announcer");
  const hear = () => { if (line.textContent) said.push(line.textContent); };
  new MutationObserver(hear).observe(line, { childList: true });
});
"""
# Counts the frames from a press to the row: a busy machine draws them late, and no more of them.
WATCH = """() => {
  let frames = 0;
  const draw = () => { frames += 1; requestAnimationFrame(draw); };
  addEventListener("click", () => { frames = 0; draw(); }, { capture: true, once: true });
  new MutationObserver((_, observer) => {
    if (!document.querySelector(".live__pending")) return;
    observer.disconnect();
    window.stood = frames;
  }).observe(document.getElementById("live"), { childList: true, subtree: true });
}"""
AN_HOUR_FAST = """
const real = Date.now;
window.fast = 3_600_000;
Date.now = () => real() + fast;
"""


def quiet(desk: Desk, left: float = 1200.0, **fields: Any) -> Rental:
    """A rental that no worker has anything to do for, with so many seconds left."""
    at = timezone.now()
    given: dict[str, Any] = {"expires_at": at + timedelta(seconds=left), "auto_cancel": False}
    return make_rental(desk.membership, desk.accounts["smsgig"], at=at, **given | fields)


def listening(desk: Desk) -> Page:
    """The board, with all that it says to a screen reader kept in `said`."""
    page = desk.page()
    page.add_init_script(LISTEN)
    page.goto(desk.board)
    connected(page)
    return page


def connected(page: Page) -> None:
    expect(page.locator("#connection")).to_have_attribute("data-up", "")


def said(page: Page) -> list[str]:
    heard: list[str] = page.evaluate("said")
    return heard


def seconds_shown(page: Page) -> int:
    shown = page.locator("#live time[data-deadline]").text_content() or ""
    time = re.search(r"(\d+):(\d\d)", shown)
    assert time, shown
    return int(time[1]) * 60 + int(time[2])


def go(page: Page) -> Locator:
    return page.locator(".rent__go")


def asked(page: Page, held: list[Route], times: int) -> None:
    """Until so many requests are held; the browser has to be asked something to tell of them."""
    until(lambda: page.evaluate("true") and len(held) >= times, "it is asked for")


def test_codes_are_said_once_however_often_the_page_is_read_again(desk: Desk) -> None:
    first, second = quiet(desk), quiet(desk)
    page = listening(desk)
    page.locator("#q").focus()
    make_message(first, "515151")
    make_message(second, "626262")
    page.evaluate("document.dispatchEvent(new Event('clock'))")  # the whole list is read
    for code in ("515151", "626262"):
        expect(page.get_by_role("button", name=f"Copy code {code}")).to_be_visible()
    until(lambda: "6 2 6 2 6 2" in " ".join(said(page)), "the codes are said")
    for purpose in ("one", "two"):
        Rental.objects.filter(pk=first.pk).update(purpose=purpose)
        channels.publish(first, second)
        expect(page.locator(f"#rental-{first.pk}")).to_contain_text(purpose)
    heard = " ".join(said(page))
    assert heard.count("5 1 5 1 5 1") == heard.count("6 2 6 2 6 2") == 1
    assert page.evaluate("document.activeElement.id") == "q"


def test_a_second_code_that_nobody_signed_is_said_too(desk: Desk) -> None:
    rental = quiet(desk, service_name="Telegram")
    make_message(rental, "515151")
    page = listening(desk)
    make_message(rental, "626262", confirmed_at=None)
    channels.publish(rental)
    expect(page.get_by_role("button", name="Copy code 626262")).to_be_visible()
    until(lambda: said(page) == ["A code came for Telegram: 6 2 6 2 6 2"], "the code is said")


def test_a_countdown_is_right_after_five_minutes_in_the_background(desk: Desk) -> None:
    rental = quiet(desk)
    page = desk.page()
    page.clock.install()
    page.goto(desk.board)
    connected(page)
    page.clock.fast_forward("05:00")  # each timer fires once at most, as where nobody looks
    ends = rental.expires_at
    assert ends is not None
    until(lambda: _off(page, ends) <= 1, "the countdown is right")
    assert seconds_shown(page) <= 900  # of 1,200, and the page took its time to load


def _off(page: Page, ends: datetime) -> float:
    """Seconds between what is shown and what is left by the page's own clock."""
    gone: float = page.evaluate("Date.now() / 1000")
    return abs(ends.timestamp() - gone - seconds_shown(page))


def test_a_countdown_goes_by_the_servers_clock(desk: Desk) -> None:
    rental = quiet(desk)
    ends = rental.expires_at
    assert ends is not None
    page = desk.page()
    page.add_init_script(AN_HOUR_FAST)
    page.goto(desk.board)
    connected(page)
    until(lambda: _late(page, ends) <= 1.5, "the page has read what time it is")
    page.evaluate("fast = -600_000")  # and somebody sets the clock
    until(lambda: _late(page, ends) <= 1.5, "the page has asked what time it is")


def _late(page: Page, ends: datetime) -> float:
    return abs((ends - timezone.now()).total_seconds() - seconds_shown(page))


def test_the_last_minute_and_the_end_are_said_once_each(desk: Desk) -> None:
    rental = quiet(desk, left=600, service_name="Telegram")
    page = desk.page()
    page.add_init_script(LISTEN)
    page.clock.install()
    page.goto(desk.board)
    connected(page)
    page.clock.fast_forward((seconds_shown(page) - 90) * 1000)
    assert said(page) == []
    page.clock.fast_forward((seconds_shown(page) - 50) * 1000)
    page.clock.run_for(3000)
    until(lambda: said(page) == ["Telegram: one minute left."], "the last minute is said")
    expect(page.locator("#live time[data-deadline]")).to_contain_text("only 0:")
    page.clock.run_for(20_000)
    page.clock.fast_forward("01:00")
    page.clock.run_for(3000)
    until(lambda: said(page)[1:] == ["Telegram: time is up."], "the end is said")
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.EXPIRED, ended_at=timezone.now())
    channels.publish(rental)
    expect(page.locator(f"#rental-{rental.pk}")).to_contain_text("Expired")
    page.clock.run_for(1000)
    assert len(said(page)) == 2


def test_how_a_rental_ended_before_its_time_is_said(desk: Desk) -> None:
    rental = quiet(desk, service_name="Telegram")
    page = listening(desk)
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.CANCELLED, ended_at=timezone.now())
    channels.publish(rental)
    until(lambda: said(page) == ["Telegram: Cancelled."], "how it ended is said")


def test_a_lost_connection_of_this_machine_is_said_and_made_good(desk: Desk) -> None:
    desk.allowed += ("ERR_", "htmx:")
    rental = quiet(desk)
    context = desk.context()
    page = desk.page(context)
    page.goto(desk.board)
    connected(page)
    context.set_offline(True)
    expect(page.get_by_text("Connection lost")).to_be_visible()
    make_message(rental, "737373")
    channels.publish(rental)
    context.set_offline(False)
    expect(page.get_by_role("button", name="Copy code 737373")).to_be_visible()
    expect(page.get_by_text("Connection lost")).to_be_hidden()


def test_a_rental_stands_at_once_and_without_money(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    connected(page)
    held: list[Route] = []
    page.route("**/rentals/new", lambda route: held.append(route))
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.evaluate(WATCH)
    go(page).click()
    row = page.locator(".live__pending")
    expect(row).to_contain_text("WhatsApp")
    expect(row).to_contain_text("Nothing is charged")
    assert page.evaluate("stood") <= 3
    assert not re.search(r"\d", row.inner_text())
    assert not Rental.objects.filter(team=desk.team).exists()
    channels.publish(other := quiet(desk))
    expect(page.locator(f"#rental-{other.pk}")).to_be_visible()
    expect(row).to_be_visible()  # though the list around it was read again
    held[0].continue_()
    expect(row).to_have_count(0)
    expect(page.locator("#live .rental")).to_have_count(2)


@pytest.mark.parametrize("allowed", [True, False])
def test_what_is_typed_next_outlives_the_answer_to_a_rent(desk: Desk, allowed: bool) -> None:
    account = desk.accounts["smsgig"]
    telegram = make_offer(desk.accounts["smsvilla"], "Telegram")
    desk.allowed += ("422",)
    page = desk.page()
    page.goto(desk.board)
    connected(page)
    held: list[Route] = []
    page.route("**/rentals/new", lambda route: held.append(route))
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    go(page).click()
    expect(page.locator(".live__pending")).to_be_visible()
    page.locator("#q").click()
    page.keyboard.type("tele")
    expect(page.locator("#offers .offer")).to_have_count(1)
    if not allowed:
        account.key_refused_at = timezone.now()
        account.save()
    with page.expect_response("**/offers?*"):  # those that came with the answer are of no use
        held[0].continue_()
    expect(page.locator(".live__pending")).to_have_count(0)
    expect(page.locator("#live .rental")).to_have_count(int(allowed))
    page.keyboard.type("gram")
    expect(page.locator("#q")).to_have_value("telegram")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#offers .offer")).to_have_count(1)
    expect(page.locator(f"#offer-{telegram.pk}")).to_be_attached()


def test_enter_before_the_search_has_answered_chooses_what_it_finds(desk: Desk) -> None:
    telegram = make_offer(desk.accounts["smsgig"], "Telegram")
    desk.allowed += ("htmx:afterRequest", "htmx:sendAbort")  # of the search that is given up
    page = desk.page()
    held: list[Route] = []
    page.goto(desk.board)
    page.route("**/offers?*", lambda route: held.append(route))
    page.locator("#q").fill("telegram")
    page.keyboard.press("Enter")
    asked(page, held, 2)  # by Enter, and then by what was typed
    held[-1].continue_()
    chosen = page.locator(f"#offer-{telegram.pk}")
    expect(chosen).to_be_focused()
    expect(chosen).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("#live [data-rental]")).to_contain_text("Telegram")
    assert Rental.objects.get(team=desk.team).service_name == "Telegram"


def test_a_list_of_words_that_were_typed_over_is_not_shown(desk: Desk) -> None:
    make_offer(desk.accounts["smsgig"], "Telegram")
    page = desk.page()
    held: list[Route] = []
    page.goto(desk.board)
    shown = page.locator("#offers").inner_text()
    page.route("**/offers?*", lambda route: held.append(route))
    page.locator("#q").fill("tele")
    asked(page, held, 1)
    page.evaluate("document.addEventListener('htmx:beforeSwap', () => { window.came = true; })")
    page.evaluate("document.getElementById('q').value = 'other words'")  # as yet unsent
    held[0].continue_()
    until(lambda: page.evaluate("window.came"), "the list has come")
    assert page.locator("#offers").inner_text() == shown


def test_a_rent_from_a_field_leads_to_its_rental(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.get_by_label("Purpose").fill("Regression")
    page.keyboard.press("Enter")
    expect(page.locator("#live .rental")).to_be_focused()
    expect(page.get_by_label("Purpose")).to_have_value("")


def test_a_rent_that_is_not_allowed_is_taken_back_with_the_reason(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    account = desk.accounts["smsgig"]
    account.key_refused_at = timezone.now()
    account.save()
    desk.allowed += ("422",)
    go(page).click()
    reason = page.locator("#rent-form [role=alert]:visible")
    expect(reason).to_contain_text("does not accept this account")
    _assert_beside(reason, go(page))
    expect(page.locator(".live__pending")).to_have_count(0)
    expect(page.get_by_text("Nothing is live")).to_be_visible()
    assert not Rental.objects.filter(team=desk.team).exists()


def _assert_beside(reason: Locator, button: Locator) -> None:
    above, below = reason.bounding_box(), button.bounding_box()
    assert above
    assert below
    assert 0 <= below["y"] - above["y"] - above["height"] < 40


def test_what_the_provider_refuses_is_said_beside_the_button(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    sold = desk.offers["smsgig"].service_code
    desk.stack.sandbox.catalogue.change(Provider.SMSGIG, sold, stock=0)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    go(page).click()
    reason = page.locator("#rent-form [data-said]:visible")
    expect(reason).to_contain_text("Nothing was charged.")
    expect(reason).to_contain_text("WhatsApp:")
    _assert_beside(reason, go(page))
    expect(page.locator(".live__pending")).to_have_count(0)


@pytest.mark.parametrize("arrives", [True, False])
def test_a_rent_without_an_answer_can_be_sent_again_and_is_one_rental(
    desk: Desk, arrives: bool
) -> None:
    desk.allowed += ("ERR_", "htmx:")
    page = desk.page()
    page.goto(desk.board)
    connected(page)

    def cut(route: Route) -> None:
        if arrives:
            route.fetch()
        route.abort()

    page.route("**/rentals/new", cut, times=1)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    go(page).click()
    expect(page.locator("#rent-form [data-said]:visible")).to_contain_text("No answer came")
    expect(page.locator(".live__pending")).to_have_count(0)
    expect(page.locator("#toasts > *")).to_have_count(0)
    expect(go(page)).to_be_focused()
    go(page).click()
    expect(page.locator("#live .rental")).to_have_count(1)
    expect(page.locator("#live .rental")).to_contain_text("Waiting for SMS")
    assert Rental.objects.filter(team=desk.team).count() == 1
    assert desk.asked("/rent") == 1


def test_the_second_half_of_a_slow_double_click_rents_nothing(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "new" in request.url else None)
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    press = "(button, detail) => button.dispatchEvent(new MouseEvent('click', %s))"
    press %= "{ bubbles: true, cancelable: true, detail }"
    go(page).evaluate(press, 2)
    assert sent == []
    go(page).evaluate(press, 1)
    expect(page.locator("#live .rental")).to_contain_text("Waiting for SMS")
    assert Rental.objects.filter(team=desk.team).count() == 1


def test_a_cancel_that_came_too_late_is_explained(desk: Desk) -> None:
    rental = quiet(desk)
    page = desk.page()
    # The list's first reading is over: it would bring the card back as it was before.
    with page.expect_response(lambda response: "/live?" in response.url):
        page.goto(desk.board)
    desk.allowed += ("409",)

    def be_late(route: Route) -> None:
        Rental.objects.filter(pk=rental.pk).update(state=RentalState.RECEIVED)
        route.continue_()

    page.route("**/cancel", be_late)
    page.locator(f"#cancel-{rental.pk}").click()
    card = page.locator(f"#rental-{rental.pk}")
    expect(page.locator("#toasts .toast--bad")).to_contain_text("still waits for its SMS")
    expect(card).to_contain_text("Code received")


def test_a_star_brings_an_offer_first_and_leaves_the_rest_as_it_was(desk: Desk) -> None:
    first, second = desk.offers["smsgig"], desk.offers["smsvilla"]
    Offer.objects.filter(pk=first.pk).update(tried=40, codes=37, median_wait=14)
    page = desk.page()
    page.goto(desk.board)
    page.locator(f"#offer-{first.pk}").check()
    star = page.locator(f"#star-{second.pk}")
    page.locator(f".offer:has(#offer-{second.pk})").hover()
    star.focus()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    expect(page.locator("#offers input").first).to_have_id(f"offer-{second.pk}")
    expect(page.locator(f"#offer-{first.pk}")).to_be_checked()
    expect(page.locator(".rent__for")).to_contain_text("USD")
    for width, theme in LAYOUTS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        shoot(page, f"rent-{width}-{theme}")
    page.reload()
    expect(page.locator("#offers input").first).to_have_id(f"offer-{second.pk}")
    star.click()  # what has one shows it, wherever the pointer is
    expect(star).to_have_attribute("aria-pressed", "false")
    assert not Rental.objects.filter(team=desk.team).exists()
