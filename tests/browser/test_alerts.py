"""Alerts in a browser: for everybody, in both themes, on a phone and on a desk, and live."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.announcements import alerts_changed
from accounts.models import Membership, ProviderAccount, User
from accounts.states import Role
from alerts.models import Alert, Attempt, Delivery, Endpoint
from alerts.operations.acknowledging import acknowledge
from alerts.operations.endpoints import send_test, set_endpoint
from alerts.states import Kind, Severity
from tests.browser.looks import inspect
from tests.factories import make_member, make_provider_account, make_team
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

NOTE_READS = """addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "results") document.documentElement.dataset.resultsRead = "";
});"""


@pytest.fixture
def admin(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), *Role)
    membership.user.name = "Ada Example"
    membership.user.save()
    sign_in(membership.user)
    return membership


def make(admin: Membership, kind: Kind, title: str, **fields: object) -> Alert:
    given = {
        "subject": f"{kind}:1",
        "severity": Severity.WARNING,
        "title": title,
        "detail": "It holds USD 3.00; the limit is USD 5.00.",
        "link": f"/t/{admin.team.slug}/",
        "opened_at": timezone.now() - timedelta(hours=30),
    }
    return Alert.objects.create(team=admin.team, kind=kind, **given | fields)


def populate(admin: Membership) -> ProviderAccount:
    now = timezone.now()
    account = make_provider_account(admin.team, "smsgig", label="SMSGig for the sign-up tests")
    make_provider_account(admin.team, "smsvilla")
    make(admin, Kind.LOW_WALLET, "SMSGig for the sign-up tests is low")
    make(
        admin,
        Kind.KEY_REFUSED,
        "SMSGig refuses the key of SMSGig for the sign-up tests",
        severity=Severity.CRITICAL,
    )
    doubt = make(admin, Kind.IN_DOUBT, "Rental #4217 is in doubt", member=admin.user)
    acknowledge(alert=doubt, actor=admin.user, now=now)
    make(admin, Kind.OVERDUE_REFUND, "A refund of SMSGig is overdue", closed_at=now)
    return account


def populate_log(admin: Membership) -> Endpoint:
    now = timezone.now()
    url = "https://hooks.example.com/services/a-rather-long-path/that-goes-on-and-on/alerts"
    endpoint, _ = set_endpoint(team=admin.team, url=url, actor=admin.user, now=now)
    for status in (200, 503, None):
        delivery = send_test(endpoint=endpoint, actor=admin.user, now=now)
        Attempt.objects.create(
            delivery=delivery,
            number=1,
            at=now,
            ended_at=now,
            status=status,
            ms=212,
            excerpt="<html>Service unavailable, come back in a while</html>" if status else "",
            problem="" if status else "No answer within 5 seconds.",
        )
        Delivery.objects.filter(pk=delivery.pk).update(
            tries=1,
            delivered_at=now if status == 200 else None,
            due_at=now + timedelta(minutes=5) if status == 503 else None,
        )
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=now - timedelta(hours=5))
    return endpoint


@pytest.mark.timeout(400)
def test_the_pages_are_for_everybody(page: Page, admin: Membership) -> None:
    base = f"/t/{admin.team.slug}/alerts/"
    wrong = []
    page.goto(base)
    wrong += inspect(page, "alerts-never")
    page.goto(f"{base}webhook")
    wrong += inspect(page, "alerts-webhook-none")
    populate(admin)
    populate_log(admin)
    for name, address in (
        ("alerts", base),
        ("alerts-over", f"{base}?show=closed"),
        ("alerts-nothing", f"{base}?q=nothing"),
        ("alerts-limits", f"{base}limits"),
        ("alerts-mail", f"{base}mail"),
        ("alerts-webhook", f"{base}webhook"),
    ):
        page.goto(address)
        if name == "alerts-webhook":
            page.get_by_text("503, 212 ms").click()
        wrong += inspect(page, name)
    assert wrong == []


@pytest.mark.timeout(120)
def test_the_bell_and_the_list_follow_without_a_reload(page: Page, admin: Membership) -> None:
    bell = page.locator("#bell")
    page.goto(f"/t/{admin.team.slug}/")
    expect(page.locator("#connection[data-up]")).to_be_attached()
    expect(bell).not_to_contain_text("1")
    make(admin, Kind.LOW_WALLET, "Main is low")
    alerts_changed(admin.team_id)
    expect(bell).to_contain_text("1 that nobody has taken on")
    bell.click()
    expect(page.locator("#connection[data-up]")).to_be_attached()
    make(admin, Kind.KEY_REFUSED, "A key is refused")
    alerts_changed(admin.team_id)
    expect(page.get_by_role("link", name="A key is refused")).to_be_visible()
    expect(bell).to_contain_text("2 that nobody has taken on")
    page.get_by_role("button", name=re.compile("Take on.*Main is low")).click()
    expect(page.get_by_text("Taken on by Ada Example")).to_be_visible()
    expect(bell).to_contain_text("1 that nobody has taken on")
    page.get_by_label("Taken on").select_option("yes")
    expect(page.get_by_role("link", name="A key is refused")).to_have_count(0)
    assert "taken=yes" in page.url


@pytest.mark.timeout(120)
def test_a_filter_is_not_lost_where_news_come_meanwhile(page: Page, admin: Membership) -> None:
    make(admin, Kind.LOW_WALLET, "Main is low")
    page.goto(f"/t/{admin.team.slug}/alerts/")
    expect(page.locator("#connection[data-up]")).to_be_attached()
    held: list[Route] = []
    page.route("**/alerts/?*taken=yes*", lambda route: held.append(route), times=1)
    page.get_by_label("Taken on").select_option("yes")
    until(lambda: page.evaluate("true") and held, "the filter is asked for")
    with page.expect_event("requestfinished", lambda sent: sent.url.endswith("/alerts/")):
        alerts_changed(admin.team_id)
    held[0].continue_()
    expect(page.get_by_role("link", name="Main is low")).to_have_count(0)


@pytest.mark.timeout(120)
def test_the_very_first_alert_appears_by_itself(page: Page, admin: Membership) -> None:
    page.goto(f"/t/{admin.team.slug}/alerts/")
    expect(page.locator("#connection[data-up]")).to_be_attached()
    expect(page.get_by_text("Nothing has been wrong")).to_be_visible()
    expect(page.get_by_role("search", name="Filter the alerts")).to_be_hidden()
    make(admin, Kind.LOW_WALLET, "Main is low")
    alerts_changed(admin.team_id)
    expect(page.get_by_role("link", name="Main is low")).to_be_visible()
    expect(page.get_by_role("search", name="Filter the alerts")).to_be_visible()
    expect(page.get_by_text("Nothing has been wrong")).to_have_count(0)


@pytest.mark.timeout(120)
def test_what_opens_while_the_page_loads_is_not_missed(page: Page, admin: Membership) -> None:
    make(admin, Kind.LOW_WALLET, "Main is low")

    def be_late(route: Route) -> None:
        make(admin, Kind.KEY_REFUSED, "A key is refused")
        alerts_changed(admin.team_id)  # nobody listens yet
        route.continue_()

    page.route("**/live/*", be_late, times=1)
    page.goto(f"/t/{admin.team.slug}/alerts/")
    expect(page.get_by_role("link", name="A key is refused")).to_be_visible()
    expect(page.locator("#bell")).to_contain_text("2 that nobody has taken on")


@pytest.mark.timeout(120)
def test_the_focus_stays_in_the_list(page: Page, admin: Membership) -> None:
    mine = make(admin, Kind.LOW_WALLET, "Main is low")
    page.add_init_script(NOTE_READS)
    page.goto(f"/t/{admin.team.slug}/alerts/")
    expect(page.locator("html[data-results-read]")).to_be_attached()
    take = page.get_by_role("button", name=re.compile("Take on.*Main is low"))
    take.focus()
    make(admin, Kind.KEY_REFUSED, "A key is refused")
    alerts_changed(admin.team_id)
    expect(page.get_by_role("link", name="A key is refused")).to_be_visible()
    expect(take).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Taken on by Ada Example")).to_be_visible()
    expect(page.locator(f"#alert-{mine.pk}-link")).to_be_focused()


@pytest.mark.timeout(120)
def test_the_secret_is_copied_with_a_click(page: Page, admin: Membership) -> None:
    page.goto(f"/t/{admin.team.slug}/alerts/webhook")
    page.get_by_label("Address").fill("https://hooks.example.com/alerts")
    page.get_by_role("button", name="Send alerts here").click()
    page.get_by_role("button", name="Copy the secret").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("whsec_")
    page.reload()
    page.goto(f"/t/{admin.team.slug}/alerts/webhook")
    expect(page.get_by_text("whsec_")).to_have_count(0)
