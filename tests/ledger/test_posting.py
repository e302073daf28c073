"""Transfers: booked once, balanced by construction, and folded into the balances."""

from decimal import Decimal

import pytest
from django.utils import timezone

from ledger import book
from ledger.book import Entry
from ledger.states import AccountKind, Phase, TransferKind
from tests.factories import make_provider_account, make_team

NOW = timezone.now()


def opened():
    wallet = make_provider_account(make_team())
    book.open_book(wallet, balance=Decimal("50"), cut_over_at=NOW)
    return wallet


def purchase(wallet, key, amount, **fields):
    given = dict(
        key=key,
        wallet_id=wallet.pk,
        debit=AccountKind.SPEND,
        credit=AccountKind.WALLET,
        amount=Decimal(amount),
        kind=TransferKind.PURCHASE,
        occurred_at=NOW,
        booked_on=NOW.date(),
    )
    return Entry(**given | fields)


@pytest.mark.django_db
def test_tmp():
    wallet = opened()
    assert book.wallet_balance(wallet.pk).posted == 50
    a = book.post(purchase(wallet, "a", "0.58"))
    assert book.post(purchase(wallet, "a", "0.580")) == a
    with pytest.raises(book.KeyReused):
        book.post(purchase(wallet, "a", "0.59"))
    h = book.post(purchase(wallet, "h", "2", phase=Phase.PENDING))
    b = book.wallet_balance(wallet.pk)
    assert (b.posted, b.held) == (Decimal("49.42"), 2)
    book.post_all(
        [
            purchase(wallet, "hp", "1.5", phase=Phase.POST, resolves_id=h),
            purchase(wallet, "x", "1"),
            purchase(wallet, "x", "1"),
        ]
    )
    b = book.wallet_balance(wallet.pk)
    assert (b.posted, b.held) == (Decimal("46.92"), 0)
    assert sum(b.net.values()) == 0
