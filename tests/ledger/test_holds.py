"""A rental's money: held, then charged or released, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from accounts.models import ProviderAccount
from ledger import book
from ledger.book import proof
from ledger.models import Book, Transfer
from ledger.operations.holds import Purchase, charge, hold, release
from ledger.states import AccountKind, Phase, TransferKind
from tests.accounts.making import make_provider_account, make_team
from tests.ledger.books import NOW, TODAY, amounts, everything, opened

pytestmark = pytest.mark.django_db

D = Decimal
CHARGED_AT = NOW - timedelta(seconds=3)


def rental(wallet: ProviderAccount, number: int = 1, external_id: str = "") -> Purchase:
    return Purchase(
        wallet=wallet,
        reference=f"rental:{number}",
        service="WhatsApp",
        day=TODAY,
        external_id=external_id,
    )


def charged(purchase: Purchase, amount: str) -> bool:
    return charge(purchase, D(amount), now=NOW, occurred_at=CHARGED_AT)


def spent(wallet: ProviderAccount) -> Decimal:
    balance = book.wallet_balance(wallet.pk)
    assert balance is not None
    return balance.net[AccountKind.SPEND]


@pytest.mark.parametrize("begin", ["hold", "charge"])
def test_a_book_that_is_opened_late_begins_when_its_balance_was_read(begin: str) -> None:
    wallet = make_provider_account()
    read_at = NOW - timedelta(hours=3)
    known = ProviderAccount.objects.filter(pk=wallet.pk)
    known.update(balance=D("80"), balance_read_at=read_at)  # by a worker, beside `wallet`
    if begin == "hold":
        hold(rental(wallet), D("0.45"), now=NOW)
    else:
        charged(rental(wallet), "0.45")
    opening = Transfer.objects.get(wallet=wallet, kind=TransferKind.OPENING)
    assert (opening.amount, opening.occurred_at) == (D(80), read_at)
    assert Book.objects.get(wallet=wallet).cut_over_at == read_at


def test_a_book_whose_balance_was_never_read_begins_with_nothing() -> None:
    wallet = make_provider_account()
    ProviderAccount.objects.filter(pk=wallet.pk).update(balance=None, balance_read_at=None)
    hold(rental(wallet), D("0.45"), now=NOW)
    assert Book.objects.get(wallet=wallet).cut_over_at == NOW
    assert amounts(wallet) == (0, D("0.45"))


def test_a_hold_sets_aside_and_moves_nothing() -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    assert amounts(wallet) == (50, D("0.45"))
    assert spent(wallet) == 0
    found = Transfer.objects.get(key="rental:1:hold")
    assert (found.phase, found.day, found.service) == (Phase.PENDING, TODAY, "WhatsApp")


def test_a_hold_repeated_changes_nothing() -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    before = everything()
    hold(rental(wallet), D("0.45"), now=NOW + timedelta(days=1))
    assert everything() == before


def test_a_hold_of_another_amount_is_refused() -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    before = everything()
    with pytest.raises(book.KeyReused), transaction.atomic():
        hold(rental(wallet), D("0.46"), now=NOW)
    assert everything() == before


@pytest.mark.parametrize("amount", ["0.40", "0.45"])
def test_charged_up_to_the_hold(amount: str) -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    assert not charged(rental(wallet, external_id="77"), amount)
    assert amounts(wallet) == (50 - D(amount), 0)
    assert spent(wallet) == D(amount)
    found = Transfer.objects.get(key="rental:1:charge")
    assert (found.external_id, found.occurred_at, found.flagged) == ("77", CHARGED_AT, False)


def test_charged_above_the_hold_is_booked_and_flagged() -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    assert charged(rental(wallet), "0.60")
    assert amounts(wallet) == (50 - D("0.60"), 0)
    above = Transfer.objects.get(key="rental:1:above")
    assert (above.amount, above.kind, above.flagged) == (
        D("0.15"), TransferKind.ADJUSTMENT, True,
    )  # fmt: skip
    assert not Transfer.objects.get(key="rental:1:charge").flagged


@pytest.mark.parametrize("amount", ["0.40", "0.45", "0.60"])
def test_a_charge_repeated_changes_nothing(amount: str) -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    flagged = charged(rental(wallet), amount)
    before = everything()
    assert charged(rental(wallet), amount) == flagged
    assert everything() == before


@pytest.mark.parametrize(
    ("first", "then"),
    [("0.40", "0.41"), ("0.41", "0.40"), ("0.60", "0.61"), ("0.60", "0.45"), ("0.45", "0.60")],
)
def test_a_charge_of_another_amount_is_refused(first: str, then: str) -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    charged(rental(wallet), first)
    before = everything()
    with pytest.raises(book.KeyReused), transaction.atomic():
        charged(rental(wallet), then)
    assert everything() == before


def test_released_gives_back_all_and_once() -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    release(rental(wallet), now=NOW)
    assert amounts(wallet) == (50, 0)
    assert spent(wallet) == 0
    before = everything()
    release(rental(wallet), now=NOW + timedelta(hours=1))
    assert everything() == before


def test_released_after_a_charge_is_refused() -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    charged(rental(wallet), "0.45")
    before = everything()
    with pytest.raises(book.AlreadyResolved), transaction.atomic():
        release(rental(wallet), now=NOW)
    assert everything() == before


def test_charged_after_a_release_is_booked_and_flagged_once() -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    release(rental(wallet), now=NOW)
    assert charged(rental(wallet), "0.45")
    assert amounts(wallet) == (50 - D("0.45"), 0)
    assert Transfer.objects.get(key="rental:1:charge").flagged
    before = everything()
    assert charged(rental(wallet), "0.45")
    assert everything() == before


def test_charged_nothing_releases_the_hold() -> None:
    wallet = opened("50")
    hold(rental(wallet), D("0.45"), now=NOW)
    assert not charged(rental(wallet), "0")
    assert amounts(wallet) == (50, 0)
    assert spent(wallet) == 0


def test_what_is_free_holds_and_charges_nothing() -> None:
    wallet = opened("50")
    before = everything()
    hold(rental(wallet), D(0), now=NOW)
    assert not charged(rental(wallet), "0")
    release(rental(wallet), now=NOW)
    assert everything() == before


def test_charged_although_it_was_free_is_booked() -> None:
    wallet = opened("50")
    hold(rental(wallet), D(0), now=NOW)
    assert not charged(rental(wallet), "0.45")
    assert amounts(wallet) == (50 - D("0.45"), 0)


@pytest.mark.parametrize("first", ["hold", "charge"])
def test_a_wallet_from_before_there_were_books_gets_one(first: str) -> None:
    """It begins with the balance that was read last."""
    wallet = make_provider_account(make_team(), balance=D(30))
    if first == "hold":
        hold(rental(wallet), D("0.45"), now=NOW)
        assert amounts(wallet) == (30, D("0.45"))
    else:
        charged(rental(wallet), "0.45")
        assert amounts(wallet) == (30 - D("0.45"), 0)
    assert Book.objects.get(wallet=wallet).cut_over_at == NOW


def test_rentals_do_not_mix() -> None:
    wallet = opened("50")
    hold(rental(wallet, 1), D("0.45"), now=NOW)
    hold(rental(wallet, 12), D("0.55"), now=NOW)
    charged(rental(wallet, 12), "0.55")
    assert amounts(wallet) == (50 - D("0.55"), D("0.45"))
    release(rental(wallet, 1), now=NOW)
    assert amounts(wallet) == (50 - D("0.55"), 0)
    assert proof.prove() == []
