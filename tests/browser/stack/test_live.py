"""One stream for all tabs, what is said when it breaks, and that nothing is missed by that."""

from urllib.parse import unquote

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.operations import change_settings, remove_member
from accounts.states import Role
from rentals import channels
from rentals.models import Rental
from rentals.states import RentalState
from tests.browser.stack.conftest import Desk
from tests.factories import make_member, make_message, make_rental

pytestmark = [pytest.mark.browser, pytest.mark.processes]

LOST = "Connection lost"


def quiet(desk: Desk, state: RentalState = RentalState.WAITING) -> Rental:
    """A rental that no worker has anything to do for."""
    return make_rental(desk.membership, desk.accounts["smsgig"], state, at=timezone.now())


def streams(context: BrowserContext) -> list[str]:
    """The addresses of the event streams that are asked for from now on."""
    opened: list[str] = []
    context.on("request", lambda r: opened.append(r.url) if "/live/" in r.url else None)
    return opened


def connected(page: Page) -> None:
    """The page has read everything again, as it does whenever a stream begins."""
    expect(page.locator("#connection")).to_have_attribute("data-up", "")


def test_two_tabs_have_one_stream_and_both_hear(desk: Desk) -> None:
    rental = quiet(desk)
    context = desk.context()
    opened = streams(context)
    tabs = [desk.page(context), desk.page(context)]
    for tab in tabs:
        tab.goto(desk.board)
        connected(tab)
    make_message(rental, "515151")
    channels.publish(rental)
    for tab in tabs:
        expect(tab.get_by_role("button", name="Copy code 515151")).to_be_visible()
    assert len(opened) == 1


def test_what_came_with_the_page_is_not_written_again(desk: Desk) -> None:
    """It was read a moment ago; a card that is replaced for nothing costs a phone's processor."""
    rental = quiet(desk)
    page = desk.page()
    with page.expect_response(lambda answer: "/live?" in answer.url) as read:
        page.goto(desk.board)
        page.locator(f"#rental-{rental.pk}").evaluate("card => { card.came = 'with the page' }")
    assert read.value.status == 204
    connected(page)
    assert page.locator(f"#rental-{rental.pk}").evaluate("card => card.came") == "with the page"
    make_message(rental, "525252")
    channels.publish(rental)
    expect(page.get_by_role("button", name="Copy code 525252")).to_be_visible()


def test_another_tab_takes_over(desk: Desk) -> None:
    rental = quiet(desk)
    context = desk.context()
    opened = streams(context)
    first, second = desk.page(context), desk.page(context)
    first.goto(desk.board)
    connected(first)
    second.goto(desk.board)
    connected(second)
    first.close()
    expect(second.locator("#live .rental")).to_have_count(1)
    expect(second.locator("#connection")).to_have_attribute("data-leads", "")
    make_message(rental, "626262")
    channels.publish(rental)
    expect(second.get_by_role("button", name="Copy code 626262")).to_be_visible()
    assert len(opened) == 2


def test_a_lost_connection_is_said_and_made_good(desk: Desk) -> None:
    """Within three seconds of the page's own clock, and within five again however long it was
    away: a busy machine makes no second of that clock longer."""
    desk.allowed += ("ERR_", "htmx:")
    rental = quiet(desk)
    page = desk.page()
    page.clock.install()
    page.goto(desk.board)
    connected(page)
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    expect(page.get_by_text(LOST)).to_be_hidden()
    desk.stack.stop_web()
    expect(page.locator("#connection")).not_to_have_attribute("data-up", "")
    assert page.get_by_text(LOST).is_hidden()  # a blink is not worth a word
    page.clock.run_for(3000)
    assert page.get_by_text(LOST).is_visible()
    for _ in range(12):  # it is tried ever less often
        with page.expect_event("requestfailed", lambda request: "/live/" in request.url):
            page.clock.run_for(5000)
    make_message(rental, "737373")
    channels.publish(rental)
    desk.stack.start_web()
    page.clock.run_for(5000)
    connected(page)
    page.clock.resume()
    expect(page.get_by_role("button", name="Copy code 737373")).to_be_visible()
    expect(page.get_by_text(LOST)).to_be_hidden()


def test_a_new_rental_from_elsewhere_appears(desk: Desk) -> None:
    page = desk.page()
    page.goto(desk.board)
    connected(page)
    expect(page.get_by_text("Nothing is live")).to_be_visible()
    rental = quiet(desk)
    channels.publish(rental)
    expect(page.locator(f"#rental-{rental.pk}")).to_be_visible()


def test_the_rental_page_is_live_too(desk: Desk) -> None:
    rental = quiet(desk)
    page = desk.page()
    page.goto(f"{desk.board}rentals/{rental.pk}/")
    connected(page)
    make_message(rental, "848484")
    channels.publish(rental)
    expect(page.get_by_role("button", name="Copy code 848484")).to_be_visible()


def test_a_reason_stays_while_the_page_around_it_changes(desk: Desk) -> None:
    rental = quiet(desk, RentalState.RECEIVED)
    make_message(rental, "818181")
    page = desk.page(desk.context(make_member(desk.team, Role.ADMIN)))
    page.goto(f"{desk.board}rentals/{rental.pk}/")
    connected(page)
    reason = page.get_by_label("Why do you need to see it?")
    reason.fill("Because the")
    Rental.objects.filter(pk=rental.pk).update(purpose="Changed meanwhile")
    channels.publish(rental)
    expect(page.locator("#detail")).to_contain_text("Changed meanwhile")
    expect(reason).to_be_focused()
    page.keyboard.type(" member is away")
    expect(reason).to_have_value("Because the member is away")


def test_a_choice_stays_while_the_page_around_it_changes(desk: Desk) -> None:
    doubt, over = quiet(desk, RentalState.IN_DOUBT), quiet(desk, RentalState.FINISHED)
    page = desk.page(desk.context(make_member(desk.team, Role.FINANCE, Role.ADMIN)))
    for rental, label in (
        (doubt, "It was not charged"),
        (over, "Remove the phone number too"),
    ):
        page.goto(f"{desk.board}rentals/{rental.pk}/")
        connected(page)
        page.get_by_label(label).check()
        Rental.objects.filter(pk=rental.pk).update(purpose="Changed meanwhile")
        channels.publish(rental)
        expect(page.locator(".facts")).to_contain_text("Changed meanwhile")
        expect(page.get_by_label(label)).to_be_checked()


def test_what_is_wrong_with_a_form_stays_while_its_rental_changes(desk: Desk) -> None:
    desk.allowed += ("422",)
    rental = quiet(desk, RentalState.IN_DOUBT)
    page = desk.page(desk.context(make_member(desk.team, Role.FINANCE)))
    page.goto(f"{desk.board}rentals/{rental.pk}/")
    page.get_by_label("It was charged").check()
    page.get_by_label("Amount charged").fill("abc")
    page.get_by_label("How do you know?").fill("Its support says so")
    page.get_by_role("button", name="Decide").click()
    error = page.get_by_text("Enter a number.")
    expect(error).to_be_visible()
    connected(page)
    Rental.objects.filter(pk=rental.pk).update(purpose="Changed meanwhile")
    channels.publish(rental)
    expect(page.locator(f"#rental-{rental.pk}")).to_contain_text("Changed meanwhile")
    expect(error).to_be_visible()
    expect(page.get_by_label("Amount charged")).to_have_value("abc")


def test_a_colleague_is_told_nothing(desk: Desk) -> None:
    colleague = make_member(desk.team)
    page = desk.page(desk.context(colleague))
    asked: list[str] = []
    with page.expect_response(lambda response: "/live?" in response.url):
        page.goto(desk.board)
    page.on("request", lambda request: asked.append(request.url))
    theirs = quiet(desk)
    channels.publish(theirs)
    own = make_rental(colleague, desk.accounts["smsgig"])
    channels.publish(own)  # what comes after it has come, so the one before would have, too
    expect(page.locator(f"#rental-{own.pk}")).to_be_visible()
    assert len(asked) == 1
    assert "/rentals/" not in asked[0]


def test_the_focus_stays_on_a_button_of_a_card_that_is_read_again(desk: Desk) -> None:
    rental = quiet(desk)
    page = desk.page()
    page.goto(desk.board)
    connected(page)
    page.locator(f"#cancel-{rental.pk}").focus()
    make_message(rental, "959595", confirmed_at=None)
    channels.publish(rental)
    expect(page.get_by_role("button", name="Copy code 959595")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == f"cancel-{rental.pk}"


def test_many_changes_at_once_end_with_what_is_true(desk: Desk) -> None:
    rentals = [quiet(desk) for _ in range(8)]
    page = desk.page()
    page.goto(desk.board)
    connected(page)
    for _ in range(5):
        for rental in rentals:
            channels.publish(rental)
    for rental in rentals:
        make_message(rental, f"7{rental.pk:05}")
        channels.publish(rental)
    for rental in rentals:
        expect(page.get_by_role("button", name=f"Copy code 7{rental.pk:05}")).to_be_visible()


def test_an_expired_session_leads_to_the_sign_in_page(desk: Desk) -> None:
    rental = quiet(desk)
    context = desk.context()
    page = desk.page(context)
    with page.expect_response(lambda response: "/live?" in response.url):
        page.goto(desk.board)
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator(f"#cancel-{rental.pk}").click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert f"next={desk.board}" in unquote(page.url)
    rental.refresh_from_db()
    assert rental.state == RentalState.WAITING


def test_a_list_that_is_replaced_while_it_is_read_keeps_no_news_back(desk: Desk) -> None:
    """The answer to a rent replaces the list, whose own reading is then answered to nobody."""
    context = desk.context()
    # What only a time-out would bring on screen stays away here.
    context.add_init_script(
        "const later = window.setTimeout;"
        "window.setTimeout = (f, ms, ...rest) => ms >= 3000 ? 0 : later(f, ms, ...rest);"
    )
    page = desk.page(context)
    with page.expect_response(lambda response: "/live?" in response.url):
        page.goto(desk.board)
    page.route("**/live?*", lambda _: None, times=1)  # asked for, and never answered
    with page.expect_request("**/live?*"):
        channels.publish(quiet(desk))
    rent_button_pressed(page, desk)
    expect(page.locator("#live .rental")).to_have_count(2)
    expect(page.locator("#live .rental").first).to_contain_text("Waiting for SMS")


def rent_button_pressed(page: Page, desk: Desk) -> None:
    page.get_by_role("searchbox", name="Search services").fill("whats")
    page.locator(f"#offer-{desk.offers['smsgig'].pk}").check()
    page.get_by_role("button", name="Rent", exact=False).last.click()


def test_what_is_not_shared_any_more_leaves_the_screen(desk: Desk) -> None:
    """With whoever was taken out of the team, the board leaves theirs."""
    desk.allowed += ("404",)
    change_settings(team=desk.team, actor=None, shares_board=True, now=timezone.now())
    rental = quiet(desk, RentalState.RECEIVED)
    make_message(rental, "292929")
    other = make_member(desk.team, Role.MEMBER)
    context = desk.context(other)
    board, detail = desk.page(context), desk.page(context)
    board.goto(desk.board)
    detail.goto(f"{desk.board}rentals/{rental.pk}/")
    for page in (board, detail):
        connected(page)
        expect(page.locator("body")).to_contain_text("292929")
    change_settings(team=desk.team, actor=None, shares_board=False, now=timezone.now())
    for page in (board, detail):
        expect(page.locator("body")).not_to_contain_text("292929")
    expect(detail.get_by_role("heading", level=1)).to_contain_text("Nothing here")
    mine = make_rental(other, desk.accounts["smsgig"], RentalState.RECEIVED, at=timezone.now())
    make_message(mine, "303030")
    channels.publish(mine)
    expect(board.locator("body")).to_contain_text("303030")
    remove_member(membership=other, actor=None)
    expect(board.locator("body")).not_to_contain_text("303030")
