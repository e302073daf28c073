"""The budgets' pages: what everybody sees of them, and where admins set them."""

# mypy: disable-error-code="comparison-overlap"

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.states import Role
from rentals.budgets import answers
from rentals.models import Budget, Rental
from rentals.operations import ask_for_more
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope
from tests.budgets.renting import House
from tests.factories import make_member, make_offer
from tests.pages.clients import HTMX, page, signed_in, words


def form(**changes: Any) -> dict[str, Any]:
    return {
        "whose": "team",
        "period": "month",
        "counts": "all:USD",
        "amount": "12.50",
        "warn_share": "80",
        "active_from": timezone.now().date().isoformat(),
        **changes,
    }


def now_rents(house: House, **rent: Any) -> Rental:
    return house.rent(at=timezone.now(), **rent)


def test_without_a_budget_the_page_says_what_one_is(house: House) -> None:
    for membership in (house.member, house.admin):
        response = signed_in(membership).get(page("budget_list", house.team))
        assert "No budget" in words(response)
        assert ("Add a budget" in words(response)) == (membership == house.admin)


def test_it_says_how_much_is_left_in_words_and_until_when(house: House) -> None:
    house.budget("2", period=BudgetPeriod.DAY)
    now_rents(house, price="1.7")
    response = signed_in(house.member).get(page("budget_list", house.team))
    said = words(response)
    assert "USD 0.30 left of USD 2.00 · 85 % used Nearly used up" in said
    assert "Renews on" in said
    assert 'width="85"' in response.text
    assert " style=" not in response.text


def test_who_decides_sees_what_was_used_and_whether_more_would_help(house: House) -> None:
    budget = house.budget("2", period=BudgetPeriod.MONTH)
    now_rents(house, price="1.7")
    asked = ask_for_more(
        membership=house.member,
        budget=budget,
        amount=Decimal("0.5"),
        reason="A late test run",
        now=timezone.now(),
    )
    link = page("budget_answer", house.team, token=answers.token(asked))
    admin, too_little = signed_in(house.admin), "More than this was used already"
    for address in (link, page("budget_list", house.team)):
        said = words(admin.get(address))
        assert "USD 0.30 left of USD 2.00 · 85 % used" in said
        assert too_little not in said
    Budget.objects.update(amount=Decimal("1.2"))
    for address in (link, page("budget_list", house.team)):
        assert too_little in words(admin.get(address))


def test_a_member_sees_what_counts_for_them_and_no_one_elses(house: House) -> None:
    other = make_member(house.team, Role.MEMBER)
    house.budget("7", scope=BudgetScope.EACH)
    house.budget("8", scope=BudgetScope.MEMBER, member=other.user, period=BudgetPeriod.DAY)
    now_rents(house, by=other, price="3")
    said = words(signed_in(house.member).get(page("budget_list", house.team)))
    assert "USD 7.00 left of USD 7.00" in said
    assert "8.00" not in said
    assert str(other.user) not in said
    assert "Change" not in said


@pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMIN])
def test_finance_and_admins_see_who_is_nearest(house: House, role: Role) -> None:
    people = [make_member(house.team, Role.MEMBER) for _ in range(6)]
    house.budget("1", scope=BudgetScope.EACH)
    now_rents(house, by=people[3], price="0.9")
    said = words(signed_in(make_member(house.team, role)).get(page("budget_list", house.team)))
    assert f"{people[3].user} USD 0.10 left of USD 1.00 · 90 % used" in said
    assert "more members have used less." in said


def test_what_is_over_stays_to_be_seen(house: House) -> None:
    house.budget("3", ended_at=timezone.now(), ended_by=house.admin.user)
    house.budget("4", active_from=timezone.now().date() + timedelta(days=3))
    said = words(signed_in(house.admin).get(page("budget_list", house.team)))
    assert "No budget counts today" in said
    assert f"ended by {house.admin.user}" in said
    assert "USD 4.00" in said
    assert "USD 3.00" not in words(signed_in(house.member).get(page("budget_list", house.team)))


def test_a_missing_rate_is_said_instead_of_a_figure(house: House) -> None:
    now_rents(house, account=house.villa, price="675")
    house.budget("3")
    said = words(signed_in(house.admin).get(page("budget_list", house.team)))
    assert "There is no rate from NGN into USD" in said
    assert "left of" not in said
    make_offer(house.gig)
    board = words(signed_in(house.member).get(page("board", house.team)))
    assert "no rate for NGN yet" in board


def test_queries_do_not_grow_with_budgets_or_members(house: House) -> None:
    def asked() -> int:
        client = signed_in(house.admin)
        client.get(page("budget_list", house.team))
        with CaptureQueriesContext(connection) as queries:
            client.get(page("budget_list", house.team))
        return len(queries)

    house.budget("1")
    house.budget("1", scope=BudgetScope.EACH)
    few = asked()
    for number in range(5):
        member = make_member(house.team, Role.MEMBER)
        house.budget("1", scope=BudgetScope.MEMBER, member=member.user)
        house.budget("1", scope=BudgetScope.PURPOSE, purpose=f"Purpose {number}")
        house.budget(
            "1",
            counts=BudgetCounts.OWN,
            currency="NGN",
            period=BudgetPeriod.DAY,
            active_from=timezone.now().date() - timedelta(days=number),
        )
    assert asked() == few


def test_an_admin_adds_changes_and_ends(house: House) -> None:
    client = signed_in(house.admin)
    response = client.post(page("budget_add", house.team), form(whose="each"))
    assert response["Location"] == page("budget_list", house.team)
    budget = Budget.objects.get()
    assert (budget.scope, budget.amount, budget.currency) == ("each", Decimal("12.50"), "USD")
    address = page("budget_change", house.team, budget=budget.pk)
    assert 'value="12.5"' in client.get(address).text
    client.post(address, {"amount": "20", "warn_share": "50", "version": "1"})
    budget.refresh_from_db()
    assert (budget.amount, budget.warn_share, budget.version) == (20, 50, 2)
    client.post(page("budget_end", house.team, budget=budget.pk))
    budget.refresh_from_db()
    assert budget.ended_by == house.admin.user


def test_a_budget_of_one_member(house: House) -> None:
    sent = form(whose=f"member:{house.member.user_id}", counts="own:NGN", amount="9000")
    signed_in(house.admin).post(page("budget_add", house.team), sent)
    budget = Budget.objects.get()
    assert (budget.member, budget.counts, budget.currency) == (house.member.user, "own", "NGN")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"whose": "member:0"}, "Select a valid choice"),
        ({"whose": "purpose"}, "Say which purpose"),
        ({"counts": "all:EUR"}, "Select a valid choice"),
        ({"amount": "much"}, "No amount."),
        ({"amount": ""}, "Say how much."),
        ({"amount": "0"}, "above 0"),
        ({"amount": "NaN"}, "No amount."),
        ({"warn_share": "101"}, "less than or equal to 100"),
        ({"active_from": "soon"}, "valid date"),
        ({"active_to": "2001-01-01"}, "The last day is before the first one."),
        ({"purpose": "nul\0", "whose": "purpose"}, "Null characters"),
    ],
)
def test_a_refused_form_says_why_and_adds_nothing(
    house: House, changes: dict[str, str], said: str
) -> None:
    response = signed_in(house.admin).post(page("budget_add", house.team), form(**changes))
    assert response.status_code == 422
    assert said in words(response)
    assert not Budget.objects.exists()


def test_a_change_over_another_is_refused_with_words(house: House) -> None:
    budget = house.budget(version=2)
    address = page("budget_change", house.team, budget=budget.pk)
    sent = {"amount": "20", "warn_share": "50", "version": "1"}
    response = signed_in(house.admin).post(address, sent)
    assert response.status_code == 422
    assert "Somebody has changed this budget meanwhile" in words(response)
    budget.refresh_from_db()
    assert budget.amount == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_rent_form_says_what_is_left_and_why_it_is_refused(
    house: House, headers: dict[str, str]
) -> None:
    house.budget("1", period=BudgetPeriod.DAY, scope=BudgetScope.EACH)
    now_rents(house, price="0.80")
    offer = make_offer(house.gig, "Airmail")
    client = signed_in(house.member)
    assert "Left for you today: USD 0.20" in words(client.get(page("board", house.team)))
    sent = {"offer": offer.pk, "request_key": "5c6ddba0-58a6-4f5a-a4a1-4d8b6d0ad1c0"}
    response = client.post(page("rental_create", house.team), sent, headers=headers)
    assert response.status_code == 422
    assert "Your budget for today has USD 0.20 left of USD 1.00" in words(response)
    budget = Budget.objects.get()
    assert page("budget_ask", house.team, budget=budget.pk) in response.text
    assert Rental.objects.count() == 1


def test_the_rent_form_is_silent_where_nothing_limits(house: House) -> None:
    make_offer(house.gig)
    assert "Left for" not in words(signed_in(house.member).get(page("board", house.team)))
