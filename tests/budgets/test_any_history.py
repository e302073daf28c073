"""Whatever is rented, charged, refused, refunded and corrected: a budget never has more used than
its limit, but by what was charged beyond a hold, and each of those is flagged."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from ledger.book import Entry, post
from ledger.models import ReconciliationException, Transfer
from ledger.operations import refunds
from ledger.states import AccountKind, ExceptionKind, RefundCause, TransferKind
from rentals import money
from rentals.budgets.applying import in_force
from rentals.budgets.periods import period_of
from rentals.budgets.reading import Wanted, standings
from rentals.models import Budget, BudgetRequest, Rental
from rentals.operations import OverBudget, approve_request, ask_for_more, fold_spend
from rentals.spending import charged, refunded, with_money
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope, RentalState
from tests.budgets.renting import enter_rate, make_house
from tests.factories import make_member

EXAMPLES = settings(
    max_examples=int(os.environ.get("EXAMPLES", "6")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# A Saturday at the end of a month, the Sunday that begins the next, the Monday after.
DAYS = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)]
RATES = {DAYS[0]: Decimal("0.0006"), DAYS[1]: Decimal("0.000700000001"), DAYS[2]: Decimal("0.0005")}
PURPOSES = ["", "Sign-up"]
AMOUNTS = st.decimals("0.0001", "0.9999", places=4)
S = RentalState


class Spending(RuleBasedStateMachine):
    rentals = Bundle("rentals")

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.house = make_house()
        self.people = [self.house.member, make_member(self.house.team), self.house.admin]
        self.numbers = 0
        for day, rate in RATES.items():
            enter_rate(self.house.team, self.house.admin.user, day, str(rate))

    @initialize(
        team=AMOUNTS, week=AMOUNTS, each=AMOUNTS, own=AMOUNTS, purpose=AMOUNTS, paid=AMOUNTS
    )
    def set_budgets(
        self,
        team: Decimal,
        week: Decimal,
        each: Decimal,
        own: Decimal,
        purpose: Decimal,
        paid: Decimal,
    ) -> None:
        budget, day = self.house.budget, BudgetPeriod.DAY
        own_of = self.people[0].user
        budget(str(3 * team))
        budget(str(2 * week), period=BudgetPeriod.WEEK)
        budget(str(each), scope=BudgetScope.EACH, period=day)
        budget(str(2 * own), scope=BudgetScope.MEMBER, member=own_of, period=day)
        budget(str(purpose), scope=BudgetScope.PURPOSE, purpose="Sign-up", period=day)
        budget(str(2000 * paid), counts=BudgetCounts.OWN, currency="NGN")

    @rule(
        target=rentals,
        person=st.integers(0, 2),
        naira=st.booleans(),
        day=st.sampled_from(DAYS),
        purpose=st.sampled_from(PURPOSES),
        price=AMOUNTS,
    )
    def rent(self, person: int, naira: bool, day: date, purpose: str, price: Decimal) -> object:
        account = self.house.villa if naira else self.house.gig
        price = price * 1500 if naira else price
        try:
            with transaction.atomic():
                rental = self.house.rent(
                    self.people[person],
                    account=account,
                    price=price,
                    at=datetime.combine(day, time(12), tzinfo=UTC),
                    purpose=purpose,
                )
        except OverBudget:
            self._look()
            self._assert_no_room(person, day, purpose, account.currency, price)
            return multiple()
        self._look()
        for wanted in self._wanted(person, day, purpose, account.currency):
            assert self._used(wanted) <= self._limit(wanted)
        return rental.pk

    def _assert_no_room(
        self, person: int, day: date, purpose: str, currency: str, price: Decimal
    ) -> None:
        wanted = list(self._wanted(person, day, purpose, currency))
        assert any(
            self._used(each) + self._worth(price, currency, each.budget, day) > self._limit(each)
            for each in wanted
        )

    @rule(pk=rentals, more=st.sampled_from(["-0.3", "0", "0", "0", "0.2"]))
    def charge(self, pk: int, more: str) -> None:
        """Answered, in time or late: also what was refused before."""
        rental = Rental.objects.get(pk=pk)
        if rental.charged is None:
            amount = (rental.price * (1 + Decimal(more))).quantize(Decimal("0.0001"))
            if amount > 0:
                self._set(rental, state=S.WAITING, held=Decimal(0), charged=amount)
                money.book_charge(rental, occurred_at=rental.requested_at, now=rental.requested_at)

    @rule(pk=rentals, to=st.sampled_from([S.REFUSED, S.IN_DOUBT]))
    def no_number(self, pk: int, to: RentalState) -> None:
        rental = Rental.objects.get(pk=pk)
        if rental.state in (S.REQUESTED, S.IN_DOUBT):
            self._set(rental, state=to, held=Decimal(0) if to == S.REFUSED else rental.held)
            if to == S.REFUSED:
                money.book_release(rental, now=rental.requested_at)

    @rule(pk=rentals, share=st.sampled_from(["0.3", "1"]))
    def refund(self, pk: int, share: str) -> None:
        rental = Rental.objects.get(pk=pk)
        if rental.charged:
            claim = refunds.Claim(
                wallet=rental.account,
                reference=money.reference(pk),
                cause=RefundCause.LOST,
                charged=rental.charged,
                day=rental.day,
            )
            made = refunds.claim(claim, now=rental.requested_at)
            amount = (rental.charged * Decimal(share)).quantize(Decimal("0.0001"))
            if amount > 0:
                self.numbers += 1
                refunds.land(
                    made,
                    amount,
                    key=f"landing:{made.pk}:{self.numbers}",
                    occurred_at=rental.requested_at,
                    now=rental.requested_at,
                )

    @rule(pk=rentals, amount=AMOUNTS, more=st.booleans())
    def correct(self, pk: int, amount: Decimal, more: bool) -> None:
        """A statement says that it cost another amount, as `correct_difference` books it."""
        rental = Rental.objects.get(pk=pk)
        if rental.charged is None:
            return
        self.numbers += 1
        sides = (AccountKind.SPEND, AccountKind.WALLET)
        debit, credit = sides if more else sides[::-1]
        post(
            Entry(
                key=f"correction:{pk}:{self.numbers}",
                wallet_id=rental.account_id,
                debit=debit,
                credit=credit,
                amount=amount,
                kind=TransferKind.CORRECTION,
                reference=money.reference(pk),
                occurred_at=rental.requested_at,
                booked_on=rental.day,
                day=rental.day,
                flagged=True,
            )
        )

    @rule(
        budget=st.integers(0, 5),
        person=st.integers(0, 2),
        amount=AMOUNTS,
        day=st.sampled_from(DAYS),
    )
    def raise_limit(self, budget: int, person: int, amount: Decimal, day: date) -> None:
        found = Budget.objects.filter(team=self.house.team).order_by("pk")[budget]
        member, at = self.people[person], datetime.combine(day, time(12), tzinfo=UTC)
        if found not in in_force(
            Budget.objects.filter(team=self.house.team).concerning(member.user_id), member.user_id
        ):
            return
        asked = ask_for_more(membership=member, budget=found, amount=amount, reason="QA", now=at)
        approve_request(request=asked, actor=self.house.admin.user, now=at)

    @rule()
    def fold(self) -> None:
        fold_spend()

    # What must hold

    @invariant()
    def no_limit_is_passed_but_by_what_is_flagged(self) -> None:
        self._look()
        for wanted in self._all_wanted():
            beyond = self._used(wanted) - self._limit(wanted)
            if beyond > 0:
                assert beyond <= self._flagged(wanted)

    @invariant()
    def what_is_read_is_the_truth(self) -> None:
        self._look()
        wanted = list(self._all_wanted())
        for each, standing in zip(wanted, standings(self.house.team.pk, wanted), strict=True):
            assert standing.missing is None
            assert (standing.used, standing.limit) == (self._used(each), self._limit(each))

    @invariant()
    def what_is_charged_above_its_hold_stands_in_front_of_finance(self) -> None:
        above = {
            rental.account_id: money.reference(rental.pk)
            for rental in Rental.objects.filter(team=self.house.team, charged__isnull=False)
            if (rental.charged or 0) > rental.price
        }
        told = ReconciliationException.objects.filter(kind=ExceptionKind.ABOVE_HOLD)
        assert set(above.values()) <= set(told.values_list("reference", flat=True))

    # The truth, one rental at a time

    def _look(self) -> None:
        """Read all that there is, as it is now."""
        team = self.house.team
        self.budgets = list(Budget.objects.filter(team=team).order_by("pk"))
        self.known = list(with_money(Rental.objects.filter(team=team)))
        self.raised = list(BudgetRequest.objects.filter(budget__team=team, state="approved"))
        flagged = Transfer.objects.filter(
            wallet__team=team, flagged=True, debit__kind=AccountKind.SPEND
        )
        sums = flagged.values_list("reference").annotate(sum=Sum("amount"))
        self.beyond: dict[str, Decimal] = dict(sums)

    def _all_wanted(self) -> Iterator[Wanted]:
        """Each budget in each of its periods, for each member for whom it counts."""
        seen = set()
        for person in self.people:
            for budget in self._in_force(person.user_id):
                for day in DAYS:
                    wanted = Wanted.of(budget, day, person.user_id)
                    place = (budget.pk, wanted.period.first, wanted.member)
                    if place not in seen:
                        seen.add(place)
                        yield wanted

    def _in_force(self, member: int) -> list[Budget]:
        return in_force([b for b in self.budgets if b.member_id in (None, member)], member)

    def _wanted(self, person: int, day: date, purpose: str, currency: str) -> Iterator[Wanted]:
        member = self.people[person].user_id
        for budget in self._in_force(member):
            if budget.scope == BudgetScope.PURPOSE and budget.purpose != purpose:
                continue
            if budget.counts == BudgetCounts.ALL or budget.currency == currency:
                yield Wanted.of(budget, day, member)

    def _rentals(self, wanted: Wanted) -> Iterator[Rental]:
        budget, period = wanted.budget, period_of(wanted.budget.period, wanted.day)
        for rental in self.known:
            member = wanted.member or budget.member_id or rental.member_id
            purpose = budget.purpose or rental.purpose
            paid = rental.currency if budget.counts == BudgetCounts.ALL else budget.currency
            own = (rental.member_id, rental.purpose, rental.currency)
            if (member, purpose, paid) == own and period.first <= rental.day <= period.last:
                yield rental

    def _used(self, wanted: Wanted) -> Decimal:
        return sum(
            (
                self._worth(
                    (charged(r) or Decimal(0)) - refunded(r) + r.held,
                    r.currency,
                    wanted.budget,
                    r.day,
                )
                for r in self._rentals(wanted)
            ),
            Decimal(0),
        )

    def _flagged(self, wanted: Wanted) -> Decimal:
        """All that was booked as flagged, and is a cost, for the rentals that it counts."""
        return sum(
            (
                self._worth(
                    self.beyond.get(money.reference(r.pk), Decimal(0)),
                    r.currency,
                    wanted.budget,
                    r.day,
                )
                for r in self._rentals(wanted)
            ),
            Decimal(0),
        )

    def _worth(self, amount: Decimal, currency: str, budget: Budget, day: date) -> Decimal:
        return amount if currency == budget.currency else amount * RATES[day]

    def _limit(self, wanted: Wanted) -> Decimal:
        first = period_of(wanted.budget.period, wanted.day).first
        raised = (
            each.amount
            for each in self.raised
            if (each.budget_id, each.first) == (wanted.budget.pk, first)
            and wanted.member in (None, each.asked_by_id)
        )
        return wanted.budget.amount + sum(raised, Decimal(0))

    def _set(self, rental: Rental, **fields: object) -> None:
        for name, value in fields.items():
            setattr(rental, name, value)
        rental.save(update_fields=list(fields))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)


@pytest.mark.timeout(300)
def test_any_history(db: None) -> None:
    run_state_machine_as_test(Spending, settings=EXAMPLES)
