"""Which rent a budget stops, what it counts, and what it says."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.actions import Action
from accounts.models import AuditEvent, Membership
from accounts.states import Role
from ledger.models import ExchangeRate, Transfer
from ledger.operations import refunds
from ledger.operations.rates import correct_rate
from ledger.states import RefundCause
from rentals import money
from rentals.models import Rental, RentalEvent
from rentals.operations import OverBudget, fold_spend, request_rental, stopping
from rentals.operations.errors import StoppedByBudget
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope, RentalState
from tests.budgets.renting import NOW, PRICE, House, enter_rate, make_house
from tests.factories import make_member, make_offer

DAY = timedelta(days=1)


def assert_stopped(house: House, **rent: object) -> str:
    """A rent that is refused leaves nothing but its record. What it was refused with."""
    before = left_behind()
    with pytest.raises(StoppedByBudget) as refused:
        house.rent(**rent)  # type: ignore[arg-type]
    assert left_behind() == before
    assert stops(house)[-1].object_id == str(refused.value.budget.pk)
    return str(refused.value)


def left_behind() -> list[int]:
    others = AuditEvent.objects.exclude(action=Action.STOPPED_BY_BUDGET)
    return [
        rows.count() for rows in (Rental.objects, RentalEvent.objects, Transfer.objects, others)
    ]


def stops(house: House) -> list[AuditEvent]:
    events = AuditEvent.objects.filter(team=house.team, action=Action.STOPPED_BY_BUDGET)
    return list(events.order_by("pk"))


def test_a_rent_up_to_the_limit_is_let_through_and_not_one_more(house: House) -> None:
    house.budget("0.90")
    house.rent()
    house.rent()
    assert_stopped(house, price="0.0001")


def test_a_refusal_says_which_how_much_until_when_and_who(house: House) -> None:
    house.admin.user.name = "Ada"
    house.admin.user.save()
    house.budget("1", scope=BudgetScope.EACH, period=BudgetPeriod.WEEK)
    house.rent(price="0.8")
    assert assert_stopped(house) == (
        "Your budget for this week has USD 0.20 left of USD 1.00, and this number costs USD 0.45. "
        "It renews on 16 Mar 2026. Who can change it: Ada."
    )


def test_who_was_stopped_by_which_is_on_record(house: House) -> None:
    budget = house.budget("0.45")
    house.rent(price="0.45", purpose="QA-1")
    assert_stopped(house, purpose="QA-1 for +12025550123")
    assert_stopped(house, account=house.villa, price="100", by=house.admin)
    first, second = stops(house)
    assert (first.actor, first.object_id) == (house.member.user, str(budget.pk))
    assert first.after | {"service": ""} == {
        "rule": "limit",
        "for": "The whole team",
        "period": "month",
        "limit": "USD 0.45",
        "service": "",
        "account": house.gig.label,
        "price": "0.45",
        "currency": "USD",
    }
    assert (first.is_money, first.family) == (True, "money")
    assert (second.actor, second.after["rule"]) == (house.admin.user, "missing rate")


def test_the_same_again_and_again_is_recorded_once_a_minute(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.budget("0.01")
    offer = make_offer(house.gig, price=PRICE)
    other = make_member(house.team, Role.MEMBER)
    began, passed = timezone.now(), [timedelta(0)]
    monkeypatch.setattr(timezone, "now", lambda: began + passed[0])

    def tried(by: Membership) -> None:
        with pytest.raises(OverBudget):
            request_rental(membership=by, offer=offer, request_key=uuid.uuid4(), now=NOW)

    for by in (house.member, house.member, other, house.member):
        tried(by)
    assert [stop.actor for stop in stops(house)] == [house.member.user, other.user]
    passed[0] = timedelta(seconds=61)
    tried(house.member)
    assert len(stops(house)) == 3


def test_whoever_tries_everything_fills_no_log(house: House) -> None:
    house.budget("0.01")
    for _ in range(stopping.MOST + 3):
        with pytest.raises(OverBudget):
            house.rent()
    assert len(stops(house)) == stopping.MOST


def test_what_costs_nothing_asks_no_budget(house: House) -> None:
    house.budget("0.45")
    house.rent()
    house.rent(price="0")
    assert_stopped(house)


@pytest.mark.parametrize(
    ("period", "last", "renewed"),
    [
        (BudgetPeriod.DAY, NOW, NOW + DAY),
        (BudgetPeriod.WEEK, NOW + 4 * DAY, NOW + 5 * DAY),
        (BudgetPeriod.MONTH, NOW + 20 * DAY, NOW + 21 * DAY),
    ],
)
def test_it_renews_with_its_period(
    house: House, period: BudgetPeriod, last: datetime, renewed: datetime
) -> None:
    house.budget("0.45", period=period)
    house.rent()
    assert_stopped(house, at=last)
    house.rent(at=renewed)


def test_a_week_begins_on_monday(house: House) -> None:
    house.budget("0.45", period=BudgetPeriod.WEEK)
    house.rent(at=NOW - 3 * DAY)  # Sunday
    house.rent(at=NOW - 2 * DAY)
    assert_stopped(house, at=NOW - 2 * DAY)


def test_days_are_the_teams(db: None) -> None:
    house = make_house(time_zone="Asia/Tokyo")
    house.budget("0.45", period=BudgetPeriod.DAY)
    house.rent(at=datetime(2026, 3, 10, 14, 59, tzinfo=UTC))
    house.rent(at=datetime(2026, 3, 10, 15, 1, tzinfo=UTC))
    assert_stopped(house, at=datetime(2026, 3, 11, 14, 59, tzinfo=UTC))


def test_a_member_has_a_limit_of_their_own(house: House) -> None:
    house.budget("0.45", scope=BudgetScope.EACH)
    other = make_member(house.team, Role.MEMBER)
    house.rent()
    house.rent(other)
    assert_stopped(house)
    assert_stopped(house, by=other)


def test_one_members_budget_stops_them_alone(house: House) -> None:
    house.budget("0.45", scope=BudgetScope.MEMBER, member=house.member.user)
    house.rent()
    assert_stopped(house)
    house.rent(make_member(house.team, Role.MEMBER))


def test_one_members_budget_takes_the_place_of_that_for_each(house: House) -> None:
    house.budget("0.45", scope=BudgetScope.EACH)
    house.budget("0.90", scope=BudgetScope.MEMBER, member=house.member.user)
    house.rent()
    house.rent()
    assert_stopped(house)


def test_one_members_budget_of_another_period_stands_beside_it(house: House) -> None:
    house.budget("0.45", scope=BudgetScope.EACH, period=BudgetPeriod.DAY)
    house.budget("9", scope=BudgetScope.MEMBER, member=house.member.user)
    house.rent()
    assert_stopped(house)


def test_a_purpose_has_its_budget(house: House) -> None:
    house.budget("0.45", scope=BudgetScope.PURPOSE, purpose="Sign-up")
    house.rent(purpose="Sign-up")
    house.rent(purpose="Support")
    house.rent()
    assert "purpose “Sign-up”" in assert_stopped(house, purpose="Sign-up")


def test_the_tightest_of_several_stops(house: House) -> None:
    house.budget("9")
    house.budget("0.5", scope=BudgetScope.EACH, period=BudgetPeriod.DAY)
    house.rent()
    assert assert_stopped(house).startswith("Your budget for today")


@pytest.mark.parametrize(
    "fields",
    [
        {"active_from": date(2026, 3, 12)},
        {"active_to": date(2026, 3, 10)},
        {"ended_at": NOW},
    ],
)
def test_what_does_not_count_now_stops_nothing(house: House, fields: dict[str, object]) -> None:
    ended = {"ended_by": house.admin.user} if "ended_at" in fields else {}
    house.budget("0.01", **fields, **ended)
    house.rent()


def test_another_teams_budget_stops_nothing(house: House) -> None:
    make_house().budget("0.01")
    house.rent()


def test_a_currency_of_its_own_counts_what_is_paid_in_it(house: House) -> None:
    house.budget("700", counts=BudgetCounts.OWN, currency="NGN")
    house.rent(price="9")
    house.rent(account=house.villa, price="675")
    assert_stopped(house, account=house.villa, price="25.01")
    house.rent(price="9")


def test_everything_is_converted_at_the_rate_of_its_day_to_the_last_decimal(house: House) -> None:
    enter_rate(house.team, house.admin.user, date(2026, 3, 1), "0.000600000001")
    enter_rate(house.team, house.admin.user, date(2026, 3, 11), "0.001")
    house.budget("1")
    house.rent(account=house.villa, price="1000", at=NOW - DAY)  # 0.600000001
    assert_stopped(house, account=house.villa, price="400")
    house.rent(account=house.villa, price="399")
    said = assert_stopped(house, price="0.001")
    assert "USD 0.00 left of USD 1.00" in said
    house.rent(price="0.0009")


def test_a_rate_that_is_corrected_counts_for_what_was_rented_before(house: House) -> None:
    enter_rate(house.team, house.admin.user, date(2026, 3, 1), "0.000000001")
    house.budget("1")
    house.rent(account=house.villa, price="1000")
    correct_rate(
        rate=ExchangeRate.objects.get(),
        value=Decimal("0.001"),
        reason="Three zeros short",
        actor=house.admin.user,
        now=NOW,
    )
    assert_stopped(house, account=house.villa, price="1")


def test_a_missing_rate_refuses_and_says_who_can_enter_it(house: House) -> None:
    enter_rate(house.team, house.admin.user, date(2026, 3, 11), "0.0006")
    house.budget("1000")
    said = assert_stopped(house, account=house.villa, at=NOW - DAY)
    assert "no rate from NGN into USD for 10 Mar 2026 or before" in said
    assert "Finance can enter it" in said
    house.rent(account=house.villa)


def test_a_rate_that_is_missing_for_what_was_rented_before_refuses_too(house: House) -> None:
    house.rent(account=house.villa, price="675")
    house.budget("1000")
    assert "no rate from NGN" in assert_stopped(house)


@pytest.mark.parametrize("folded", [False, True])
def test_all_that_is_held_counts_until_it_is_known(house: House, folded: bool) -> None:
    house.budget("0.90")
    doubted = house.rent()
    Rental.objects.filter(pk=doubted.pk).update(state=RentalState.IN_DOUBT)
    if folded:
        fold_spend()
    house.rent()
    assert_stopped(house)
    _refuse(doubted)
    house.rent()
    assert_stopped(house)


def test_a_charge_below_the_hold_gives_back_the_difference(house: House) -> None:
    house.budget("0.90")
    _charge(house.rent(), "0.15")
    house.rent()
    house.rent(price="0.30")
    assert_stopped(house, price="0.01")


def test_a_refund_gives_back_to_the_day_of_its_purchase(house: House) -> None:
    house.budget("0.45", period=BudgetPeriod.DAY)
    old = house.rent(at=NOW - DAY)
    _charge(old, "0.45")
    house.rent()
    _refund(old, "0.45")
    assert_stopped(house)
    house.rent(at=NOW - DAY)


def test_a_charge_above_its_hold_goes_beyond_the_limit_and_stops_the_next(house: House) -> None:
    house.budget("0.90")
    _charge(house.rent(), "5")
    said = assert_stopped(house, price="0.0001")
    assert "USD 0.00 left" in said
    assert Transfer.objects.filter(flagged=True).count() == 1


def _charge(rental: Rental, amount: str) -> None:
    for name, value in (money.charged(Decimal(amount)) | {"state": RentalState.WAITING}).items():
        setattr(rental, name, value)
    rental.save()
    money.book_charge(rental, occurred_at=NOW, now=NOW)


def _refuse(rental: Rental) -> None:
    Rental.objects.filter(pk=rental.pk).update(state=RentalState.REFUSED, held=0)
    money.book_release(rental, now=NOW)


def _refund(rental: Rental, amount: str) -> None:
    claim = refunds.Claim(
        wallet=rental.account,
        reference=money.reference(rental.pk),
        cause=RefundCause.CANCELLED,
        charged=PRICE,
        day=rental.day,
    )
    made = refunds.claim(claim, now=NOW)
    refunds.land(made, Decimal(amount), key=f"landing:{made.pk}", occurred_at=NOW, now=NOW)
