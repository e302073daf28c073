"""A wallet with a book, on the real schema, and what is booked in it."""

import itertools
from collections.abc import Iterator
from decimal import Decimal

from benchmarks.ground import ground

ground()  # sets Django up, which the imports below need

from django.db import transaction  # noqa: E402

from accounts.models import ProviderAccount, Team  # noqa: E402
from accounts.secrets.hook_tokens import set_token  # noqa: E402
from benchmarks.posting.entry import NOW, charge  # noqa: E402
from ledger import book  # noqa: E402

_numbers: Iterator[int] = itertools.count(1)


def make_wallet() -> ProviderAccount:
    number = next(_numbers)
    team = Team.objects.create(name=f"Team {number}", slug=f"team-{number}")
    wallet = ProviderAccount(team=team, provider="smsgig", currency="USD", label=f"Wallet {number}")
    set_token(wallet)
    wallet.save()
    book.open_book(wallet, balance=Decimal(1_000_000), cut_over_at=NOW)
    return wallet


def post_one(wallet_id: int, key: str) -> None:
    with transaction.atomic():
        book.post(charge(wallet_id, key))
