"""The ledger's pages in a browser: for everybody, by keyboard and without losing one's place."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership, User
from accounts.states import Role
from ledger.models import Book, Reconciliation, ReconciliationException
from ledger.models.runs import Step
from ledger.operations.reconciling import LEASE
from ledger.views.reconciling import QUIET
from tests.browser import looks
from tests.browser.looks import shoot, violations
from tests.factories import make_member, make_team
from tests.ledger.pages.populating import Populated, populate

pytestmark = [pytest.mark.browser, pytest.mark.processes]

inspect = partial(looks.inspect, layouts=looks.CHECKED)


@pytest.fixture
def finance(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), Role.FINANCE)
    membership.user.name = "Ada Example"
    membership.user.save()
    sign_in(membership.user)
    return membership


@pytest.fixture
def world(finance: Membership) -> Populated:
    return populate(finance.team, finance.user)


def pages(world: Populated) -> dict[str, str]:
    closed = f"{world.closed:%Y-%m}"
    return {
        "wallets": "wallets/",
        "wallet": f"wallets/{world.gig.pk}/",
        "statement-month": f"wallets/{world.gig.pk}/?month={closed}",
        "statement-nothing": f"wallets/{world.gig.pk}/?q=nothing",
        "refunds": "refunds/",
        "refunds-nothing": "refunds/?q=nothing",
        "exceptions": "exceptions/",
        "exceptions-resolved": "exceptions/?show=resolved",
        "exception": f"exceptions/{world.exception.pk}/",
        **{f"exception-{kind}": f"exceptions/{pk}/" for kind, pk in of_each_kind(world).items()},
        "spend": "spend/",
        "history": "rentals/",
        "months": "months/",
        "month-closed": f"months/{world.gig.pk}/{closed}/",
        "month-open": f"months/{world.villa.pk}/{closed}/",
        "rates": "rates/",
    }


def of_each_kind(world: Populated) -> dict[str, int]:
    found = ReconciliationException.objects.filter(wallet__team=world.team).exclude(
        pk=world.exception.pk
    )
    return dict(found.order_by("pk").values_list("kind", "pk"))


@pytest.mark.timeout(900)
def test_every_page_is_for_everybody(page: Page, world: Populated) -> None:
    wrong: list[str] = []
    for name, address in pages(world).items():
        response = page.goto(f"/t/{world.team.slug}/{address}")
        assert response is not None
        assert response.ok
        wrong += inspect(page, name)
    assert wrong == []


@pytest.mark.timeout(300)
def test_an_empty_team_is_told_how_it_begins(page: Page, finance: Membership) -> None:
    wrong: list[str] = []
    for name in ("wallets", "refunds", "exceptions", "months", "rates"):
        page.goto(f"/t/{finance.team.slug}/{name}/")
        wrong += inspect(page, f"{name}-empty")
    assert wrong == []


def test_a_decision_keeps_ones_place_in_the_queue(page: Page, world: Populated) -> None:
    page.goto(f"/t/{world.team.slug}/exceptions/")
    line = page.locator(f"#exception-{world.exception.pk}")
    line.get_by_role("link").first.click()
    line.get_by_label("Outside use").check()
    line.get_by_label("Reason").last.fill("Tried out by hand.")
    line.get_by_role("button", name="Resolve").click()
    expect(line).to_contain_text("Tried out by hand.")
    expect(page.locator("#open-exceptions")).to_contain_text("6")
    expect(line.get_by_role("heading", level=2)).to_be_focused()
    assert page.url.endswith(f"/exceptions/?open=exception-{world.exception.pk}")
    expect(page.locator(".queue__item")).to_have_count(7)
    line.get_by_role("link", name="Close").click()
    expect(line.get_by_role("link").first).to_be_focused()


def test_a_phone_reaches_every_page_without_moving_the_bar(page: Page, world: Populated) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"/t/{world.team.slug}/wallets/")
    bar = page.get_by_role("navigation", name="Pages", exact=True)
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
    for name in ("Board", "History", "Spend", "Wallets"):
        expect(bar.get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
    expect(bar.get_by_role("link", name="Months")).not_to_be_visible()
    more = bar.get_by_role("button", name="More")
    more.focus()
    page.keyboard.press("Enter")
    for name in ("Refunds", "Exceptions", "Months"):
        expect(bar.get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(bar.get_by_role("link", name="Months")).not_to_be_visible()
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/months/$"))


def test_a_run_that_goes_on_tells_how_far_and_one_that_was_killed_says_so(
    page: Page, world: Populated
) -> None:
    now = timezone.now()
    run = Reconciliation.objects.create(
        wallet=world.gig,
        asked_at=now,
        started_at=now,
        step=Step.STATEMENT,
        rows_total=400,
        rows_read=100,
    )
    book = Book.objects.filter(wallet=world.gig)
    book.update(reconciling_until=now + LEASE + timedelta(minutes=10))
    page.goto(f"/t/{world.team.slug}/wallets/{world.gig.pk}/")
    panel = page.locator("#reconciliation")
    expect(panel).to_contain_text("100 of 400 rows read")
    assert inspect(page, "reconciling") == []
    Reconciliation.objects.filter(pk=run.pk).update(rows_read=250)
    expect(panel).to_contain_text("250 of 400 rows read")
    book.update(reconciling_until=timezone.now() + LEASE - QUIET)
    expect(panel).to_contain_text("Without news it is taken up again at")
    assert inspect(page, "reconciling-silent") == []
    Reconciliation.objects.filter(pk=run.pk).update(
        step=Step.FAILED, finished_at=now, problem="The provider asks to wait."
    )
    expect(panel).to_contain_text("The provider asks to wait.")
    assert inspect(page, "reconciling-failed") == []
    expect(panel.get_by_role("button", name="Reconcile now")).to_be_enabled()


@pytest.mark.parametrize("what", ["statement", "month"])
def test_what_is_printed_is_a_plain_table_that_says_whose_and_when(
    page: Page, world: Populated, what: str
) -> None:
    month = f"{world.closed:%Y-%m}"
    here = f"wallets/{world.gig.pk}/?month={month}"
    there = f"months/{world.gig.pk}/{month}/"
    page.set_viewport_size({"width": 680, "height": 960})
    page.goto(f"/t/{world.team.slug}/{here if what == 'statement' else there}")
    page.emulate_media(media="print", color_scheme="dark")
    shoot(page, f"print-{what}")
    header = page.locator(".print-only")
    expect(header).to_be_visible()
    expect(header).to_contain_text(f"{world.team.name}, wallet {world.gig.label}, in USD.")
    expect(header).to_contain_text(f"As of {timezone.now().day} ")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    for chrome in (".topbar", ".nav", "#filters"):
        expect(page.locator(chrome)).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    rows = page.locator("section .table").first.locator("tr")
    assert rows.nth(1).evaluate("row => getComputedStyle(row).display") == "table-row"
    if what == "statement":
        expect(header).to_contain_text(f"From 1 {world.closed:%b %Y} to ")
        expect(page.get_by_role("columnheader", name="Balance after")).to_be_visible()


def test_nothing_on_a_page_moves_while_it_loads(page: Page, world: Populated) -> None:
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => { for (const shift of list.getEntries())"
        " window.moved += shift.value; }).observe({type: 'layout-shift', buffered: true});"
    )
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for name in ("wallets/", f"wallets/{world.gig.pk}/", "refunds/", "exceptions/", "months/"):
            page.goto(f"/t/{world.team.slug}/{name}", wait_until="networkidle")
            assert page.evaluate("window.moved") < 0.01, name
