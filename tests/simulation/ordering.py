"""The order in which rows were read must not matter: copies of a wallet whose rows come otherwise
are matched alike.

A copy has what was booked and claimed by the rentals, and none of what matching made of it.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from accounts.models import ProviderAccount
from ledger.book import Entry, open_book, post, wallet_balance
from ledger.models import Match, ReconciliationException, Refund, StatementRow, Transfer
from ledger.operations.statement.matching import match_wallet
from ledger.states import AccountKind, Phase, RefundCause, RefundState, TransferKind
from tests.simulation.world import Life

OURS = (TransferKind.PURCHASE, TransferKind.ADJUSTMENT)


@dataclass(frozen=True)
class Explained:
    """How a copy's rows were explained; rows that read the same stand for each other."""

    rows: Counter[tuple[str, str, Decimal, str]]
    refunds: Counter[tuple[str, Decimal, Decimal]]
    booked: dict[str, Decimal]


def differences(life: Life) -> str:
    """What comes out otherwise where the rows come in another order; "" for nothing."""
    order = random.Random(life.scenario.seed)  # noqa: S311
    rows = list(StatementRow.objects.filter(wallet=life.account).order_by("pk"))
    shuffled = order.sample(rows, len(rows))
    with transaction.atomic():
        as_read, otherwise = _matched(life, rows, 1), _matched(life, shuffled, 2)
        transaction.set_rollback(True)
    return "" if as_read == otherwise else f"{as_read}; {otherwise}"


def _matched(life: Life, rows: Sequence[StatementRow], number: int) -> Explained:
    copy = _copy(life, number)
    StatementRow.objects.bulk_create(_row(copy, row) for row in rows)
    match_wallet(copy, now=life.clock.now(), complete=False)
    return _explained(copy)


def _copy(life: Life, number: int) -> ProviderAccount:
    original, book = life.account, life.account.book
    copy = ProviderAccount.objects.create(
        team=original.team,
        provider=original.provider,
        label=f"Copy {number}",
        currency=original.currency,
        hook_token_hash=number.to_bytes(32, "big"),
    )
    open_book(copy, balance=Decimal(1000), cut_over_at=book.cut_over_at)
    copied: dict[int, int] = {}
    mine = Transfer.objects.filter(wallet=original, kind__in=OURS, reference__gt="")
    for transfer in mine.exclude(key__startswith="match:").order_by("pk"):
        copied[transfer.pk] = post(_entry(copy, transfer, copied))
    causes = (RefundCause.CANCELLED, RefundCause.LOST)
    claims = Refund.objects.filter(wallet=original, cause__in=causes).order_by("pk")
    Refund.objects.bulk_create(_claim(copy, claim) for claim in claims)
    return copy


def _entry(copy: ProviderAccount, transfer: Transfer, copied: dict[int, int]) -> Entry:
    reference = f"copy{copy.pk}:{transfer.reference}"
    what = transfer.key.removeprefix(transfer.reference)
    return Entry(
        key=f"{reference}{what}",
        wallet_id=copy.pk,
        debit=AccountKind.SPEND,
        credit=AccountKind.WALLET,
        amount=transfer.amount,
        kind=TransferKind(transfer.kind),
        phase=Phase(transfer.phase),
        resolves_id=copied[transfer.resolves_id] if transfer.resolves_id else None,
        reference=reference,
        external_id=transfer.external_id,
        service=transfer.service,
        occurred_at=transfer.occurred_at,
        booked_on=transfer.booked_on,
        day=transfer.day,
    )


def _claim(copy: ProviderAccount, claim: Refund) -> Refund:
    claim.pk = None
    claim.wallet, claim.reference = copy, f"copy{copy.pk}:{claim.reference}"
    claim.state, claim.received, claim.received_at = RefundState.EXPECTED, Decimal(0), None
    return claim


def _row(copy: ProviderAccount, row: StatementRow) -> StatementRow:
    values = {
        field.attname: getattr(row, field.attname)
        for field in StatementRow._meta.concrete_fields
        if field.attname not in ("id", "wallet_id")
    }
    return StatementRow(wallet=copy, **values)


def _explained(copy: ProviderAccount) -> Explained:
    matched = Match.objects.filter(row__wallet=copy, undone_at=None).values_list("row_id")
    kinds = dict(
        ReconciliationException.objects.filter(wallet=copy, row__isnull=False).values_list(
            "row_id", "kind"
        )
    )
    is_matched = {row for (row,) in matched}
    rows = Counter(
        (
            row.kind_raw,
            row.description.partition("#")[0],
            row.amount,
            "matched" if row.pk in is_matched else kinds.get(row.pk, "nothing"),
        )
        for row in StatementRow.objects.filter(wallet=copy, before_cut_over=False)
    )
    refunds = Counter(
        Refund.objects.filter(wallet=copy).values_list("service", "charged", "received")
    )
    book = wallet_balance(copy.pk)
    assert book is not None
    return Explained(rows, refunds, book.net)
