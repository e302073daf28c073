"""Whatever is booked, repeated or refused, in any order: the book holds what a few sums say.

The model is a plain Python one. It knows no SQL and nothing of how the book is kept.
"""

import os
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import ProviderAccount, User
from ledger import book
from ledger.book import Entry, proof
from ledger.models import ClosedMonth
from ledger.operations.holds import Purchase, charge, hold, release
from ledger.states import AccountKind, Phase
from tests.accounts.making import make_user
from tests.ledger.books import NOW, opened, purchase

EXAMPLES = settings(
    max_examples=int(os.environ.get("EXAMPLES", "10")),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
NOTHING = Decimal(0)
BEGINS = Decimal(20)
MONTHS = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 17)]
AMOUNTS = st.decimals("0.0001", "9.9999", places=4)
KINDS = st.sampled_from(list(AccountKind))

type Net = dict[AccountKind, Decimal]


@dataclass
class Model:
    """What one wallet should hold: each account's net, what is held, what was booked by key."""

    net: Net = field(default_factory=lambda: dict.fromkeys(AccountKind, NOTHING))
    held: dict[str, Decimal] = field(default_factory=dict)
    closed: set[tuple[int, int]] = field(default_factory=set)

    def move(self, debit: AccountKind, credit: AccountKind, amount: Decimal) -> None:
        self.net[debit] += amount
        self.net[credit] -= amount

    def is_closed(self, day: date) -> bool:
        return (day.year, day.month) in self.closed


@dataclass
class Rental:
    """`state` is held, charged, released or late: charged after it was released."""

    place: int
    number: int
    amount: Decimal
    state: str = "held"
    charged: Decimal = NOTHING


class Books(RuleBasedStateMachine):
    """Two wallets in two currencies. Each step either does all that it says, or nothing."""

    entries = Bundle("entries")
    rentals = Bundle("rentals")
    places = st.integers(0, 1)

    def __init__(self) -> None:
        super().__init__()
        self.wallets = [opened(str(BEGINS)), opened(str(BEGINS), "smsvilla")]
        self.models = [Model(), Model()]
        for model in self.models:
            model.move(AccountKind.WALLET, AccountKind.FUNDING, BEGINS)
        self.user: User = make_user()
        self.numbers = 0

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def entry(
        self, place: int, debit: AccountKind, credit: AccountKind, amount: Decimal, day: date
    ) -> Entry:
        key = f"{self.wallets[place].pk}:{self.number()}"
        fields = {"debit": debit, "credit": credit, "booked_on": day}
        return purchase(self.wallets[place], key, str(amount), **fields)

    # Transfers

    @rule(
        target=entries,
        place=places,
        debit=KINDS,
        credit=KINDS,
        amount=AMOUNTS,
        day=st.sampled_from(MONTHS),
    )
    def post(
        self, place: int, debit: AccountKind, credit: AccountKind, amount: Decimal, day: date
    ) -> tuple[Entry, bool]:
        """Gives the entry, and whether it was booked."""
        entry, model = self.entry(place, debit, credit, amount, day), self.models[place]
        if debit == credit:
            with pytest.raises(IntegrityError), transaction.atomic():
                book.post(entry)
            return entry, False
        if model.is_closed(day):
            with pytest.raises(book.MonthClosed), transaction.atomic():
                book.post(entry)
            return entry, False
        book.post(entry)
        model.move(debit, credit, amount)
        return entry, True

    @rule(known=entries)
    def again(self, known: tuple[Entry, bool]) -> None:
        entry, booked = known
        if booked:
            assert book.post(entry) == book.post(entry)

    @rule(known=entries, more=AMOUNTS)
    def something_else_under_its_key(self, known: tuple[Entry, bool], more: Decimal) -> None:
        entry, booked = known
        if booked:
            other = purchase(
                self._wallet(entry), entry.key, str(entry.amount + more),
                debit=entry.debit, credit=entry.credit,
            )  # fmt: skip
            with pytest.raises(book.KeyReused), transaction.atomic():
                book.post(other)

    @rule(
        place=places,
        amounts=st.lists(AMOUNTS, min_size=1, max_size=6),
        day=st.sampled_from(MONTHS),
        known=entries,
        spoilt=st.sampled_from(["not", "not", "a key is reused", "an amount is 0"]),
    )
    def batch(
        self, place: int, amounts: list[Decimal], day: date, known: tuple[Entry, bool], spoilt: str
    ) -> None:
        """Some new ones, one of them twice, and one that was booked before."""
        spend, own = AccountKind.SPEND, AccountKind.WALLET
        entries = [self.entry(place, spend, own, amount, day) for amount in amounts]
        whole = [*entries, entries[0]] + ([known[0]] if known[1] else [])
        if spoilt == "a key is reused":
            whole.append(purchase(self.wallets[place], entries[0].key, "11"))
        elif spoilt == "an amount is 0":
            whole.append(self.entry(place, spend, own, NOTHING, MONTHS[2]))
        if spoilt != "not" or self.models[place].is_closed(day):
            refusals = (book.KeyReused, book.MonthClosed, IntegrityError)
            with pytest.raises(refusals), transaction.atomic():
                book.post_all(whole)
        else:
            ids = book.post_all(whole)
            assert ids[len(entries)] == ids[0]
            assert len(set(ids)) == len(entries) + known[1]
            self.models[place].move(spend, own, sum(amounts, NOTHING))

    @rule(place=places, day=st.sampled_from(MONTHS[:2]))
    def close_month(self, place: int, day: date) -> None:
        model = self.models[place]
        if not model.is_closed(day):
            model.closed.add((day.year, day.month))
            ClosedMonth.objects.create(
                wallet=self.wallets[place], month=day.replace(day=1), closed_at=NOW,
                closed_by=self.user, totals={},
            )  # fmt: skip

    # Rentals

    @rule(target=rentals, place=places, amount=AMOUNTS)
    def hold(self, place: int, amount: Decimal) -> Rental:
        rental = Rental(place, self.number(), amount)
        hold(self._purchase(rental), amount, now=NOW)
        self.models[place].held[self._purchase(rental).reference] = amount
        return rental

    @rule(rental=rentals, amount=AMOUNTS)
    def charge(self, rental: Rental, amount: Decimal) -> None:
        if rental.state in ("charged", "late"):
            if amount != rental.charged:
                with pytest.raises(book.KeyReused), transaction.atomic():
                    self._charge(rental, amount)
            return
        flagged = self._charge(rental, amount)
        assert flagged == (rental.state == "released" or amount > rental.amount)
        rental.charged = amount
        rental.state = "late" if rental.state == "released" else "charged"
        self.models[rental.place].held.pop(self._purchase(rental).reference, None)
        self.models[rental.place].move(AccountKind.SPEND, AccountKind.WALLET, amount)

    @rule(rental=rentals)
    def charge_again(self, rental: Rental) -> None:
        if rental.charged:
            self._charge(rental, rental.charged)

    @rule(rental=rentals)
    def release(self, rental: Rental) -> None:
        if rental.state == "charged":
            with pytest.raises(book.AlreadyResolved), transaction.atomic():
                release(self._purchase(rental), now=NOW)
            return
        release(self._purchase(rental), now=NOW)
        if rental.state == "held":
            rental.state = "released"
            del self.models[rental.place].held[self._purchase(rental).reference]

    @rule(rental=consumes(rentals))
    def hold_twice(self, rental: Rental) -> None:
        hold(self._purchase(rental), rental.amount, now=NOW)
        with pytest.raises(book.KeyReused), transaction.atomic():
            hold(self._purchase(rental), rental.amount + 1, now=NOW)

    def _charge(self, rental: Rental, amount: Decimal) -> bool:
        return charge(self._purchase(rental), amount, now=NOW, occurred_at=NOW)

    def _purchase(self, rental: Rental) -> Purchase:
        wallet = self.wallets[rental.place]
        return Purchase(
            wallet=wallet, reference=f"rental:{wallet.pk}:{rental.number}", service="WhatsApp",
            day=MONTHS[2],
        )  # fmt: skip

    def _wallet(self, entry: Entry) -> ProviderAccount:
        return next(wallet for wallet in self.wallets if wallet.pk == entry.wallet_id)

    # What must hold

    @invariant()
    def the_book_is_the_model(self) -> None:
        for wallet, model in zip(self.wallets, self.models, strict=True):
            balance = book.wallet_balance(wallet.pk)
            assert balance is not None
            assert balance.net == model.net
            assert balance.held == sum(model.held.values(), NOTHING)
            assert balance.posted == model.net[AccountKind.WALLET]
            assert proof.prove(wallet.pk) == []

    @invariant()
    def each_currency_comes_to_nothing(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT a.currency, sum(b.debits_posted - b.credits_posted),"
                " sum(b.debits_pending - b.credits_pending)"
                " FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id"
                " GROUP BY a.currency ORDER BY 1"
            )
            assert cursor.fetchall() == [("NGN", 0, 0), ("USD", 0, 0)]

    def teardown(self) -> None:
        assert proof.prove() == []


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_any_book() -> None:
    run_state_machine_as_test(Books, settings=EXAMPLES)


class TestProof:
    """What proves the book must see a book that is wrong."""

    @pytest.mark.django_db
    def test_names_a_balance_that_has_drifted(self) -> None:
        wallet, other = opened("50"), opened("70", "smsvilla")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE ledger_balance DISABLE TRIGGER USER")
            cursor.execute(
                "UPDATE ledger_balance SET debits_posted = debits_posted + 1 WHERE account_id ="
                " (SELECT id FROM ledger_account WHERE wallet_id = %s AND kind = 'wallet')",
                [wallet.pk],
            )
        assert proof.prove(wallet.pk) == [
            "USD: all accounts together come to 1.0000 and not to 0",
            f"wallet {wallet.pk}, wallet: its debits are 51.0000 and its transfers come to 50.0000",
        ]
        assert proof.prove(other.pk) == []
        assert len(proof.prove()) == 2

    @pytest.mark.django_db
    def test_names_a_hold_that_has_drifted_and_a_balance_that_is_gone(self) -> None:
        wallet = opened("50")
        held = book.post(purchase(wallet, "h", "2", phase=Phase.PENDING))
        assert proof.prove() == []
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE ledger_balance DISABLE TRIGGER USER")
            book.post(purchase(wallet, "v", "2", phase=Phase.VOID, resolves_id=held))
            cursor.execute(
                "DELETE FROM ledger_balance WHERE account_id ="
                " (SELECT id FROM ledger_account WHERE wallet_id = %s AND kind = 'outside')",
                [wallet.pk],
            )
        words = "\n".join(proof.prove())
        assert "wallet: its held credits are 2.0000 and its transfers come to 0" in words
        assert "spend: its held debits are 2.0000 and its transfers come to 0" in words
        assert "outside: its debits are missing and its transfers come to 0" in words
