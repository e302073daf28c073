"""Whatever rentals and the book go through, and whenever it is added up: what is read of it is
what one gets from all rentals one by one, however it is narrowed and grouped."""

import os
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.states import Role
from ledger.book import Entry, post
from ledger.models import Refund, Transfer
from ledger.operations import refunds
from ledger.operations.statement.undoing import reverse, take_back
from ledger.states import AccountKind, RefundCause, RefundState, TransferKind
from rentals import money
from rentals.models import Rental
from rentals.operations import fold_spend
from rentals.spend import proof
from rentals.spend.periods import Period
from rentals.spend.reading import COLUMN, Narrowed, Part, choices, read
from rentals.states import RentalState, SpendOutcome
from tests.factories import make_member, make_provider_account, make_rental, make_team
from tests.spend import plain

EXAMPLES = settings(
    max_examples=int(os.environ.get("EXAMPLES", "6")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAYS = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 9)]
SERVICES = ["WhatsApp", "eBay"]
PURPOSES = ["", "Sign-up", "Support"]
AMOUNTS = st.decimals("0.0001", "9.9999", places=4)
S = RentalState
WITH_CHARGE = [S.WAITING, S.RECEIVED, S.FINISHED, S.CANCELLING, S.CANCELLED, S.EXPIRED, S.LOST]


class History(RuleBasedStateMachine):
    rentals = Bundle("rentals")

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.team = make_team()
        self.people = [make_member(self.team, Role.MEMBER) for _ in range(3)]
        self.accounts = [make_provider_account(self.team, p) for p in ("smsgig", "smsvilla")]
        self.numbers = 0

    @initialize(target=rentals)
    def begin(self) -> int:
        return self._rent(0, 0, DAYS[0], "eBay", "", Decimal("0.45"))

    @rule(
        target=rentals,
        person=st.integers(0, 2),
        account=st.integers(0, 1),
        day=st.sampled_from(DAYS),
        service=st.sampled_from(SERVICES),
        purpose=st.sampled_from(PURPOSES),
        price=AMOUNTS,
    )
    def rent(
        self, person: int, account: int, day: date, service: str, purpose: str, price: Decimal
    ) -> int:
        return self._rent(person, account, day, service, purpose, price)

    def _rent(
        self, person: int, account: int, day: date, service: str, purpose: str, price: Decimal
    ) -> int:
        rental = make_rental(
            self.people[person],
            self.accounts[account],
            S.REQUESTED,
            at=datetime.combine(day, time(12), tzinfo=UTC),
            service_name=service,
            purpose=purpose,
            price=price,
            held=price,
        )
        money.book_hold(rental, now=NOW)
        return rental.pk

    @rule(pk=rentals, amount=AMOUNTS)
    def charge(self, pk: int, amount: Decimal) -> None:
        """Answered, in time or late: also what was refused before."""
        rental = Rental.objects.get(pk=pk)
        if rental.charged is None:
            self._set(rental, state=S.WAITING, held=Decimal(0), charged=amount)
            money.book_charge(rental, occurred_at=NOW, now=NOW)

    @rule(pk=rentals, to=st.sampled_from([S.REFUSED, S.IN_DOUBT]))
    def no_number(self, pk: int, to: RentalState) -> None:
        rental = Rental.objects.get(pk=pk)
        if rental.state in (S.REQUESTED, S.IN_DOUBT):
            refused = to == S.REFUSED
            self._set(rental, state=to, held=Decimal(0) if refused else rental.held)
            if refused:
                money.book_release(rental, now=NOW)

    @rule(pk=rentals, to=st.sampled_from(WITH_CHARGE))
    def move(self, pk: int, to: RentalState) -> None:
        rental = Rental.objects.get(pk=pk)
        if rental.charged is not None:
            self._set(rental, state=to)

    @rule(pk=rentals)
    def poll(self, pk: int) -> None:
        Rental.objects.filter(pk=pk).update(polls=7, next_poll_at=NOW)

    @rule(pk=rentals, share=st.sampled_from(["0.3", "1"]))
    def refund(self, pk: int, share: str) -> None:
        rental = Rental.objects.get(pk=pk)
        if rental.charged:
            refund = self._claimed(rental)
            self.numbers += 1
            amount = (rental.charged * Decimal(share)).quantize(Decimal("0.0001"))
            if amount > 0:
                key = f"landing:{refund.pk}:{self.numbers}"
                refunds.land(refund, amount, key=key, occurred_at=NOW, now=NOW)

    def _claimed(self, rental: Rental) -> Refund:
        claim = refunds.Claim(
            wallet=rental.account,
            reference=money.reference(rental.pk),
            cause=RefundCause.LOST,
            charged=rental.charged or Decimal(0),
            day=rental.day,
        )
        return refunds.claim(claim, now=NOW)

    @rule(pk=rentals)
    def take_refund_back(self, pk: int) -> None:
        landed = Transfer.objects.filter(
            reference=money.reference(pk), kind=TransferKind.REFUND
        ).order_by("pk")
        undone = Transfer.objects.filter(key__endswith=":undone").values_list("key", flat=True)
        for each in landed:
            if f"{each.key}:undone" not in undone:
                reverse(each, f"{each.key}:undone", actor=None, reason="Not ours.", now=NOW)
                take_back(each, NOW)
                return

    @rule(pk=rentals, amount=AMOUNTS, more=st.booleans())
    def correct(self, pk: int, amount: Decimal, more: bool) -> None:
        """The book alone knows that it was charged another amount."""
        rental = Rental.objects.get(pk=pk)
        if rental.charged is not None:
            self._book(rental, TransferKind.CORRECTION, amount, more=more)

    @rule(pk=rentals, amount=AMOUNTS)
    def give_up(self, pk: int, amount: Decimal) -> None:
        rental = Rental.objects.get(pk=pk)
        if rental.charged is not None:
            self._book(rental, TransferKind.WRITE_OFF, amount, more=False)

    def _book(self, rental: Rental, kind: TransferKind, amount: Decimal, *, more: bool) -> None:
        self.numbers += 1
        sides = (AccountKind.SPEND, AccountKind.WALLET)
        debit, credit = sides if more else sides[::-1]
        post(
            Entry(
                key=f"{kind}:{rental.pk}:{self.numbers}",
                wallet_id=rental.account_id,
                debit=debit,
                credit=credit,
                amount=amount,
                kind=kind,
                reference=money.reference(rental.pk),
                occurred_at=NOW,
                booked_on=NOW.date(),
                day=rental.day,
            )
        )

    @rule(pk=rentals, charged=AMOUNTS)
    def received_without_a_transfer(self, pk: int, charged: Decimal) -> None:
        """A claim whose row alone changes: it is counted as it is."""
        Refund.objects.filter(reference=money.reference(pk), state=RefundState.EXPECTED).update(
            received=charged
        )

    @rule()
    def fold(self) -> None:
        fold_spend()
        assert proof.waiting() == 0
        assert fold_spend() == 0

    def _set(self, rental: Rental, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(rental, name, value)
        rental.save(update_fields=list(fields))

    # What must hold

    @rule(
        data=st.data(),
        first=st.sampled_from(DAYS),
        days=st.integers(0, 70),
        group=st.sampled_from(["", *COLUMN]),
    )
    def ask(self, data: st.DataObject, first: date, days: int, group: str) -> None:
        narrowed = Narrowed(
            self.team.pk,
            member=data.draw(st.sampled_from([None, *(m.user_id for m in self.people)])),
            service=data.draw(st.sampled_from([None, *SERVICES])),
            purpose=data.draw(st.sampled_from([None, *PURPOSES])),
            account=data.draw(st.sampled_from([None, *(a.pk for a in self.accounts)])),
            outcome=data.draw(st.sampled_from([None, *SpendOutcome])),
        )
        period = Period(first, first + timedelta(days))
        self._compare(narrowed, period, group)

    def _compare(self, narrowed: Narrowed, period: Period, group: str) -> None:
        truth = plain.added_up(plain.rentals_of(self.team), narrowed, period, group)
        part = Part("all", period, group=group, by_outcome=True)
        assert plain.by_key(read(narrowed, [part])["all"]) == truth

    @invariant()
    def purposes_are_true(self) -> None:
        self._compare(Narrowed(self.team.pk), Period(DAYS[0], DAYS[-1]), "purpose")

    @rule()
    def prove(self) -> None:
        assert proof.prove(self.team.pk) == []

    @rule()
    def choose(self) -> None:
        rentals, known = plain.rentals_of(self.team), choices(Narrowed(self.team.pk))
        assert set(known.member) >= {str(rental.member_id) for rental in rentals}
        assert set(known.purpose) >= {rental.purpose for rental in rentals}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)


@pytest.mark.timeout(300)
def test_any_history(db: None) -> None:
    run_state_machine_as_test(History, settings=EXAMPLES)


def test_a_rental_before_the_book_counts_by_its_own_row(db: None) -> None:
    team = make_team()
    member, account = make_member(team, Role.MEMBER), make_provider_account(team, "smsgig")
    rental = make_rental(member, account, S.FINISHED, charged=Decimal("0.3"))
    fold_spend()
    (line,) = read(Narrowed(team.pk), [Part("day", Period(rental.day, rental.day))])["day"]
    assert (line.sum.charged, line.sum.net) == (Decimal("0.3"), Decimal("0.3"))
