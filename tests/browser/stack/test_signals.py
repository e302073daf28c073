"""A code's coming, told beyond the page in the ways that its person chose."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from accounts.states import Signal
from rentals import channels
from rentals.models import Rental
from tests.browser.looks import shoot
from tests.browser.stack.conftest import Desk
from tests.browser.stack.test_look import inspect
from tests.factories import make_message, make_rental
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

# What would be heard and shown is kept in `tones` and `notices`; nobody looks while `away`.
WATCH = """
window.tones = 0;
window.notices = [];
window.away = false;
const tone = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { tones += 1; return tone.call(this); };
const Real = window.Notification;
window.Notification = class extends Real {
  constructor(text, options) { super(text, options); notices.push(text); }
};
Object.defineProperty(document, "hidden", { get: () => away });
document.hasFocus = () => !away;
"""
DIGITS = "515151"


def choose(desk: Desk, *signals: Signal) -> None:
    User.objects.filter(pk=desk.membership.user.pk).update(signals=list(signals))


def quiet(desk: Desk) -> Rental:
    account = desk.accounts["smsgig"]
    return make_rental(desk.membership, account, at=timezone.now(), service_name="Telegram")


def opened(desk: Desk, context: BrowserContext | None = None, **options: Any) -> Page:
    """The board, on which somebody has clicked."""
    context = context or desk.context(**options)
    page = desk.page(context)
    page.add_init_script(WATCH)
    page.goto(desk.board)
    expect(page.locator("#connection")).to_have_attribute("data-up", "")
    page.locator("#q").click()
    return page


def leave(page: Page) -> None:
    page.evaluate("away = true")


def code_comes(desk: Desk, rental: Rental, page: Page) -> None:
    make_message(rental, DIGITS)
    channels.publish(rental)
    expect(page.get_by_role("button", name=f"Copy code {DIGITS}")).to_be_visible()


def is_marked(page: Page) -> bool:
    """Whether the tab's icon says that something came."""
    return "mark-new" in (page.locator("link[rel=icon]").get_attribute("href") or "")


def test_nothing_of_it_happens_to_who_chose_nothing(desk: Desk) -> None:
    rental = quiet(desk)
    page = opened(desk)
    page.context.grant_permissions(["notifications"])
    before = page.title()
    leave(page)
    code_comes(desk, rental, page)
    assert page.title() == before
    assert page.evaluate("[tones, notices.length]") == [0, 0]
    assert not is_marked(page)


def test_title_and_icon_count_until_somebody_looks(desk: Desk) -> None:
    choose(desk, Signal.TITLE, Signal.BADGE)
    rental = quiet(desk)
    page = opened(desk)
    before = page.title()
    leave(page)
    code_comes(desk, rental, page)
    until(lambda: page.title() == f"(1) {before}", "the title counts")
    assert is_marked(page)
    page.evaluate("away = false; document.dispatchEvent(new Event('visibilitychange'))")
    assert page.title() == before
    assert not is_marked(page)


@pytest.mark.parametrize("digits", [True, False])
def test_a_sound_and_a_notification_come_once_for_all_tabs(desk: Desk, digits: bool) -> None:
    choose(desk, Signal.SOUND, Signal.DESKTOP, *([Signal.DIGITS] if digits else []))
    rental = quiet(desk)
    context = desk.context()
    context.grant_permissions(["notifications"])
    tabs = [opened(desk, context), opened(desk, context)]
    for tab in tabs:
        leave(tab)
    code_comes(desk, rental, tabs[0])
    expect(tabs[1].get_by_role("button", name=f"Copy code {DIGITS}")).to_be_visible()

    def told() -> list[str]:
        return [text for tab in tabs for text in tab.evaluate("notices")]

    until(told, "a notification")
    assert told() == ["A code came for Telegram" + (f": {DIGITS}" if digits else ".")]
    assert sum(tab.evaluate("tones") for tab in tabs) == 2
    assert not any(tab.title().startswith("(1)") or is_marked(tab) for tab in tabs)


def test_a_refused_permission_is_said_and_the_rest_works(desk: Desk) -> None:
    choose(desk, Signal.TITLE, Signal.DESKTOP)
    rental = quiet(desk)
    page = opened(desk)
    assert page.evaluate("Notification.permission") == "denied"
    leave(page)
    code_comes(desk, rental, page)
    expect(page.locator("#toasts .toast--bad")).to_contain_text("refuses notifications")
    assert page.title().startswith("(1) ")
    assert page.evaluate("tones") == 0
    assert not is_marked(page)


def test_an_icon_alone_is_marked_where_nothing_else_was_chosen(desk: Desk) -> None:
    choose(desk, Signal.BADGE)
    rental = quiet(desk)
    page = opened(desk)
    before = page.title()
    leave(page)
    code_comes(desk, rental, page)
    until(lambda: is_marked(page), "the icon is marked")
    assert page.title() == before
    assert page.evaluate("[tones, notices.length]") == [0, 0]


def test_each_way_is_chosen_and_tried_on_the_profile(desk: Desk) -> None:
    page = desk.page()
    page.add_init_script(WATCH)
    page.goto("/profile/")
    before = page.title()
    page.get_by_role("button", name="Try: Play a short sound").click()
    expect(page.locator('[data-tried="sound"]')).to_have_text("That was it.")
    assert page.evaluate("tones") == 2
    page.get_by_role("button", name="Try: Count new codes").click()
    expect(page.locator('[data-tried="title"]')).to_have_text("That was it.")
    assert page.title() == f"(1) {before}"
    page.get_by_role("button", name="Try: Show a notification").click()
    expect(page.locator('[data-tried="desktop"]')).to_contain_text("Allow them in its settings")
    page.get_by_label("Play a short sound", exact=True).check()
    page.get_by_label("Mark the tab’s icon", exact=True).check()
    inspect(page, "the profile")
    shoot(page, "profile")
    page.get_by_role("button", name="Save how you are told").click()
    expect(page.locator("#toasts")).to_contain_text("is kept")
    desk.membership.user.refresh_from_db()
    assert desk.membership.user.signals == [Signal.BADGE, Signal.SOUND]
    expect(page.get_by_label("Play a short sound", exact=True)).to_be_checked()
