"""Transfers: booked once, balanced by construction, and folded into the balances."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import ProviderAccount
from ledger import book
from ledger.book import Entry
from ledger.models import Account, Book, ClosedMonth, Transfer
from ledger.states import AccountKind, Phase, TransferKind
from tests.accounts.making import make_provider_account, make_team, make_user
from tests.ledger.books import NOW, TODAY, amounts, everything, opened, pending, purchase

D = Decimal


def close(wallet: ProviderAccount, month: date) -> None:
    ClosedMonth.objects.create(
        wallet=wallet, month=month, closed_at=NOW, closed_by=make_user(), totals={}
    )


@pytest.mark.django_db
class TestPost:
    def test_moves_the_amount_from_credit_to_debit(self) -> None:
        wallet = opened("50")
        book.post(purchase(wallet, "a", "0.58"))
        balance = book.wallet_balance(wallet.pk)
        assert balance is not None
        assert balance.net == {
            "wallet": D("49.42"), "funding": D(-50), "spend": D("0.58"),
            "outside": 0, "suspense": 0, "write_off": 0,
        }  # fmt: skip
        assert balance.posted == balance.available == D("49.42")
        assert balance.held == 0

    def test_keeps_all_that_it_was_told(self) -> None:
        wallet, user = opened(), make_user()
        entry = purchase(
            wallet, "a", "1", day=TODAY - timedelta(days=2), reference="rental:1", flagged=True,
            external_id="77", service="WhatsApp", actor_id=user.pk, reason="So it was.",
        )  # fmt: skip
        found = Transfer.objects.get(pk=book.post(entry))
        given = {
            name: getattr(entry, name)
            for name in Entry.__slots__
            if name not in ("debit", "credit")
        }
        assert {name: getattr(found, name) for name in given} == given
        assert (found.debit.kind, found.credit.kind) == (entry.debit, entry.credit)
        assert (found.currency, found.phase) == ("USD", Phase.POSTED)

    def test_counts_for_the_day_it_is_booked_on_where_none_is_given(self) -> None:
        found = Transfer.objects.get(pk=book.post(purchase(opened(), "a", "1")))
        assert found.day == found.booked_on == TODAY

    def test_again_changes_nothing(self) -> None:
        wallet = opened()
        entry = purchase(wallet, "a", "0.58")
        first, before = book.post(entry), everything()
        assert book.post(entry) == first
        assert everything() == before

    @pytest.mark.parametrize(
        "same",
        [
            {"amount": D("0.5800")},
            {"amount": D("0.58002")},  # the book tells no smaller part apart
            {"occurred_at": NOW + timedelta(hours=1)},
            {"booked_on": TODAY + timedelta(days=1)},
            {"reason": "Other words.", "flagged": True, "service": "A new name"},
        ],
    )
    def test_again_at_another_time_or_in_other_words_changes_nothing(
        self, same: dict[str, Any]
    ) -> None:
        wallet = opened()
        first, before = book.post(purchase(wallet, "a", "0.58")), everything()
        again = {"amount": "0.58"} | same
        assert book.post(purchase(wallet, "a", str(again.pop("amount")), **again)) == first
        assert everything() == before

    @pytest.mark.parametrize(
        "other",
        [
            {"amount": D("0.59")},
            {"debit": AccountKind.OUTSIDE},
            {"credit": AccountKind.SUSPENSE},
            {"kind": TransferKind.OUTSIDE},
            {"phase": Phase.PENDING},
            {"reference": "rental:2"},
            {"external_id": "78"},
        ],
    )
    def test_a_key_is_refused_for_anything_else(self, other: dict[str, Any]) -> None:
        wallet = opened()
        book.post(purchase(wallet, "a", "0.58"))
        before = everything()
        given = {"amount": "0.58"} | other
        with pytest.raises(book.KeyReused), transaction.atomic():
            book.post(purchase(wallet, "a", str(given.pop("amount")), **given))
        assert everything() == before

    def test_a_key_is_refused_in_another_wallet(self) -> None:
        wallet, other = opened(), opened()
        book.post(purchase(wallet, "a", "1"))
        before = everything()
        with pytest.raises(book.KeyReused), transaction.atomic():
            book.post(purchase(other, "a", "1"))
        assert everything() == before

    @pytest.mark.parametrize("amount", ["0", "-1", "0.00001", "NaN"])
    def test_only_moves_money(self, amount: str) -> None:
        wallet = opened()
        before = everything()
        with pytest.raises(IntegrityError), transaction.atomic():
            book.post(purchase(wallet, "a", amount))
        assert everything() == before

    def test_only_between_two_accounts(self) -> None:
        wallet = opened()
        before = everything()
        with pytest.raises(IntegrityError), transaction.atomic():
            book.post(purchase(wallet, "a", "1", debit=AccountKind.WALLET))
        assert everything() == before

    def test_needs_a_book(self) -> None:
        wallet = make_provider_account(make_team())
        with pytest.raises(book.BookNotOpen), transaction.atomic():
            book.post(purchase(wallet, "a", "1"))
        assert not Transfer.objects.exists()
        assert book.wallet_balance(wallet.pk) is None

    def test_is_refused_in_a_closed_month(self) -> None:
        wallet, other = opened(), opened()
        close(wallet, date(2026, 2, 1))
        before = everything()
        with pytest.raises(book.MonthClosed), transaction.atomic():
            book.post(purchase(wallet, "a", "1", booked_on=date(2026, 2, 28)))
        assert everything() == before
        book.post(purchase(wallet, "b", "1", booked_on=date(2026, 3, 1), day=date(2026, 2, 28)))
        book.post(purchase(other, "c", "1", booked_on=date(2026, 2, 28)))

    def test_again_after_the_month_was_closed_changes_nothing(self) -> None:
        wallet = opened()
        entry = purchase(wallet, "a", "1", booked_on=date(2026, 2, 28))
        first = book.post(entry)
        close(wallet, date(2026, 2, 1))
        assert book.post(entry) == first


@pytest.mark.django_db
class TestPending:
    def test_sets_aside(self) -> None:
        wallet = opened("50")
        pending(wallet, "h", "2")
        assert amounts(wallet) == (50, 2)

    @pytest.mark.parametrize("amount", ["2", "1.5"])
    def test_posted_with_its_amount_or_less(self, amount: str) -> None:
        wallet = opened("50")
        held = pending(wallet, "h", "2")
        book.post(purchase(wallet, "p", amount, phase=Phase.POST, resolves_id=held))
        assert amounts(wallet) == (50 - D(amount), 0)

    def test_voided(self) -> None:
        wallet = opened("50")
        held = pending(wallet, "h", "2")
        book.post(purchase(wallet, "v", "2", phase=Phase.VOID, resolves_id=held))
        assert amounts(wallet) == (50, 0)

    @pytest.mark.parametrize("phase", [Phase.POST, Phase.VOID])
    def test_resolved_once(self, phase: Phase) -> None:
        wallet = opened("50")
        held = pending(wallet, "h", "2")
        pending(wallet, "another", "2")
        book.post(purchase(wallet, "p", "2", phase=Phase.POST, resolves_id=held))
        before = everything()
        with pytest.raises(book.AlreadyResolved), transaction.atomic():
            book.post(purchase(wallet, "q", "2", phase=phase, resolves_id=held))
        assert everything() == before


@pytest.mark.django_db
class TestPostAll:
    def test_nothing(self) -> None:
        assert book.post_all([]) == []

    def test_in_order_with_what_was_booked_before(self) -> None:
        """Twice in it, booked before, and new; held before, and resolved in it; two wallets."""
        wallet, other = opened("50"), opened("70", "smsvilla")
        known = book.post(purchase(wallet, "known", "1"))
        held = pending(wallet, "held", "3")
        ids = book.post_all(
            [
                purchase(wallet, "new", "2"),
                purchase(wallet, "known", "1"),
                purchase(wallet, "settled", "2.5", phase=Phase.POST, resolves_id=held),
                purchase(other, "elsewhere", "10"),
                purchase(wallet, "new", "2"),
                purchase(wallet, "aside", "4", phase=Phase.PENDING),
            ]
        )
        assert ids[1] == known
        assert ids[0] == ids[4]
        assert ids[0] < ids[2] < ids[3] < ids[5]
        assert amounts(wallet) == (50 - 1 - 2 - D("2.5"), 4)
        assert amounts(other) == (60, 0)

    def test_again_changes_nothing(self) -> None:
        wallet = opened()
        entries = [purchase(wallet, f"key-{n}", "0.1") for n in range(500)]
        first, before = book.post_all(entries), everything()
        assert book.post_all(entries) == first
        assert everything() == before

    def test_all_or_none(self) -> None:
        wallet, bookless = opened(), make_provider_account(make_team())
        book.post(purchase(wallet, "used", "1"))
        held = pending(wallet, "held", "1")
        close(wallet, date(2026, 2, 1))
        wrong: dict[type[Exception], Entry] = {
            book.KeyReused: purchase(wallet, "used", "2"),
            book.BookNotOpen: purchase(bookless, "b", "1"),
            book.MonthClosed: purchase(wallet, "m", "1", booked_on=date(2026, 2, 1)),
            book.AlreadyResolved: purchase(wallet, "r", "2", phase=Phase.POST, resolves_id=held),
            IntegrityError: purchase(wallet, "z", "0"),
        }
        before = everything()
        for error, entry in wrong.items():
            with pytest.raises(error), transaction.atomic():
                book.post_all([purchase(wallet, "good", "1"), entry, purchase(wallet, "too", "1")])
            assert everything() == before

    def test_one_key_for_two_things_is_refused(self) -> None:
        wallet = opened()
        before = everything()
        with pytest.raises(book.KeyReused), transaction.atomic():
            book.post_all([purchase(wallet, "a", "1"), purchase(wallet, "a", "2")])
        assert everything() == before

    def test_one_hold_is_not_resolved_twice_in_it(self) -> None:
        wallet = opened()
        held = pending(wallet, "h", "2")
        before = everything()
        with pytest.raises(book.AlreadyResolved), transaction.atomic():
            book.post_all(
                [
                    purchase(wallet, "p", "1", phase=Phase.POST, resolves_id=held),
                    purchase(wallet, "v", "2", phase=Phase.VOID, resolves_id=held),
                ]
            )
        assert everything() == before


@pytest.mark.django_db
class TestOpening:
    @pytest.mark.parametrize("balance", ["50", "-3.5", "0"])
    def test_begins_with_what_the_wallet_held(self, balance: str) -> None:
        wallet = opened(balance)
        assert amounts(wallet) == (D(balance), 0)
        assert Transfer.objects.filter(kind=TransferKind.OPENING).count() == (D(balance) != 0)
        assert Book.objects.get(wallet=wallet).cut_over_at == NOW

    def test_is_done_once(self) -> None:
        wallet = opened("50")
        before = everything()
        assert not book.open_book(wallet, balance=D(60), cut_over_at=NOW + timedelta(days=1))
        assert everything() == before

    def test_two_wallets_have_books_of_their_own(self) -> None:
        first, second = opened("50"), opened("70", "smsvilla")
        book.post(purchase(first, "a", "1"))
        assert (amounts(first), amounts(second)) == ((49, 0), (70, 0))
        currencies = dict(Account.objects.values_list("wallet", "currency"))
        assert currencies == {first.pk: "USD", second.pk: "NGN"}


def at_once(*works: Any) -> list[Any]:
    """Run them in threads that begin together; gives what each returned or raised."""
    barrier = Barrier(len(works))

    def one(work: Any) -> Any:
        try:
            barrier.wait(10)
            with transaction.atomic():
                return work()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(one, works))


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_one_book_is_opened(self) -> None:
        wallet = make_provider_account(make_team())
        told = at_once(
            *[lambda: book.open_book(wallet, balance=D(50), cut_over_at=NOW) for _ in range(8)]
        )
        assert sorted(told) == [False] * 7 + [True]
        assert amounts(wallet) == (50, 0)

    def test_one_key_is_booked_once(self) -> None:
        wallet = opened("50")
        told = at_once(*[lambda: book.post(purchase(wallet, "a", "1")) for _ in range(8)])
        assert len(set(told)) == 1
        assert amounts(wallet) == (49, 0)

    def test_one_hold_is_resolved_once(self) -> None:
        wallet = opened("50")
        held = pending(wallet, "h", "1")
        told = at_once(
            *[
                lambda n=n: book.post(
                    purchase(wallet, f"p{n}", "1", phase=Phase.POST, resolves_id=held)
                )
                for n in range(8)
            ]
        )
        refused = [each for each in told if isinstance(each, book.AlreadyResolved)]
        assert len(refused) == 7
        assert amounts(wallet) == (49, 0)

    def test_batches_in_opposite_order_both_come_through(self) -> None:
        """Balances are locked in one order, whatever the order of the entries."""
        wallets = [opened("50"), opened("50"), opened("50")]

        def batch(name: str, order: list[ProviderAccount]) -> Any:
            return lambda: book.post_all([purchase(w, f"{name}:{w.pk}", "0.1") for w in order])

        for turn in range(10):
            there = batch(f"there-{turn}", wallets)
            back = batch(f"back-{turn}", wallets[::-1])
            assert not [each for each in at_once(there, back) if isinstance(each, Exception)]
        assert [amounts(wallet) for wallet in wallets] == [(48, 0)] * 3
