"""The audit log in a browser: for everybody, in both themes, on a phone and on a desk."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import audit, operations
from accounts.actions import Action
from accounts.models import AuditEvent, Membership, User
from accounts.states import Role
from rentals.states import RentalState
from tests.browser.looks import inspect
from tests.factories import make_member, make_message, make_provider_account, make_rental, make_team

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def admin(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), Role.ADMIN, Role.FINANCE)
    membership.user.name = "Ada Example"
    membership.user.save()
    sign_in(membership.user)
    return membership


def populate(admin: Membership) -> AuditEvent:
    team = admin.team
    account = make_provider_account(team, "smsgig")
    rental = make_rental(make_member(team), account, RentalState.RECEIVED)
    make_message(rental, "771204")
    operations.change_settings(
        team=team,
        name="Verity and everybody else who tries things out before others do",
        time_zone="Europe/Rome",
        shares_board=False,
        auto_cancel=False,
        actor=admin.user,
        now=timezone.now(),
    )
    with transaction.atomic():
        for action in Action:
            audit.record(team=team, actor=admin.user, action=action, object=rental)
    return AuditEvent.objects.filter(action=Action.TEAM_SETTINGS_CHANGED).order_by("pk")[0]


@pytest.mark.timeout(300)
def test_the_log_is_for_everybody(page: Page, admin: Membership) -> None:
    event = populate(admin)
    log = f"/t/{admin.team.slug}/audit/"
    wrong = []
    for name, address in (
        ("audit", log),
        ("audit-event", f"{log}{event.pk}/"),
        ("audit-nothing", f"{log}?q=nothing"),
    ):
        page.goto(address)
        wrong += inspect(page, name)
    assert wrong == []


@pytest.mark.timeout(120)
def test_filters_are_used_without_a_reload_and_stay_in_the_address(
    page: Page, admin: Membership
) -> None:
    populate(admin)
    page.goto(f"/t/{admin.team.slug}/audit/")
    page.get_by_label("Kind of action").select_option("codes")
    expect(page.get_by_role("row")).to_have_count(3)
    assert "family=codes" in page.url
    page.get_by_label("Its number").fill("5")
    page.get_by_label("Its number").press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("under About")
