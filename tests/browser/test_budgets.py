"""Budgets in a browser: for everybody, in both themes, on a phone and on a desk."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.states import Role
from rentals.budgets import answers
from rentals.models import Budget, BudgetRequest
from rentals.operations import approve_request, ask_for_more
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope
from tests.browser.looks import inspect
from tests.budgets.renting import House, make_house
from tests.factories import make_member, make_offer

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def ask(house: House, budget: Budget, amount: str, reason: str) -> BudgetRequest:
    return ask_for_more(
        membership=house.member,
        budget=budget,
        amount=Decimal(amount),
        reason=reason,
        now=timezone.now(),
    )


@pytest.fixture
def house(page: Page) -> House:
    """Of each kind one, as it is in the middle of a month."""
    house, now = make_house(name="Verity"), timezone.now()
    house.member.user.name = "Maximiliane Example-Longname"
    house.member.user.save()
    house.budget("4", period=BudgetPeriod.DAY)
    each = house.budget("2", scope=BudgetScope.EACH, period=BudgetPeriod.WEEK)
    house.budget("900000", counts=BudgetCounts.OWN, currency="NGN")
    house.budget("2", scope=BudgetScope.PURPOSE, purpose="Sign-up of new merchants in Lagos")
    house.budget(
        "5",
        ended_at=now,
        ended_by=house.admin.user,
        period=BudgetPeriod.DAY,
        scope=BudgetScope.EACH,
    )
    for number in range(7):
        house.rent(make_member(house.team, Role.MEMBER), price=f"0.{number}", at=now)
    house.rent(price="1.7", at=now, purpose="Sign-up of new merchants in Lagos")
    approve_request(
        request=ask(house, each, "0.5", "Two testers are new"), actor=house.admin.user, now=now
    )
    ask(house, each, "3", "The new service needs a dozen of tries before Friday")
    make_offer(house.gig, "Airmail", price=Decimal("0.45"))
    return house


@pytest.mark.timeout(300)
def test_an_admins_pages_are_for_everybody(
    page: Page, house: House, sign_in: Callable[[User], None]
) -> None:
    sign_in(house.admin.user)
    budgets = f"/t/{house.team.slug}/budgets/"
    asked = BudgetRequest.objects.get(state="open")
    wrong = []
    for name, address in (
        ("budgets", budgets),
        ("budget-add", f"{budgets}new"),
        ("budget-change", f"{budgets}{asked.budget_id}/"),
        ("budget-answer", f"{budgets}answer/{answers.token(asked)}"),
    ):
        page.goto(address)
        wrong += inspect(page, name)
    assert wrong == []


@pytest.mark.timeout(300)
def test_a_members_pages_are_for_everybody(
    page: Page, house: House, sign_in: Callable[[User], None]
) -> None:
    sign_in(house.member.user)
    team, each = house.team.slug, Budget.objects.get(scope="each", ended_at=None)
    wrong = []
    for name, address in (
        ("budgets-own", f"/t/{team}/budgets/"),
        ("budget-ask", f"/t/{team}/budgets/{each.pk}/more"),
        ("budget-board", f"/t/{team}/"),
    ):
        page.goto(address)
        wrong += inspect(page, name)
    assert wrong == []


def test_a_member_asks_and_an_admin_gives(page: Page, sign_in: Callable[[User], None]) -> None:
    house = make_house()
    house.budget("0.50", scope=BudgetScope.EACH, period=BudgetPeriod.DAY)
    house.rent(at=timezone.now())
    make_offer(house.gig, "Airmail", price=Decimal("0.45"))
    sign_in(house.member.user)
    page.goto(f"/t/{house.team.slug}/")
    expect(page.get_by_text("Left for you today:")).to_contain_text("USD 0.05")
    page.goto(f"/t/{house.team.slug}/budgets/")
    page.get_by_role("link", name="Ask for more").click()
    page.get_by_label("How much more").fill("0.40")
    page.get_by_label("Reason").fill("One more test")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("The admins are asked.")).to_be_visible()
    page.goto("about:blank")  # or the page would go on asking, as nobody
    page.context.clear_cookies()
    sign_in(house.admin.user)
    page.goto(f"/t/{house.team.slug}/budgets/")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("was approved for this time alone")).to_be_visible()
    assert BudgetRequest.objects.get().state == "approved"
