"""What a row might be, for a person to choose from: the likeliest first, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from ledger.amounts import figure
from ledger.matching.words import UNTOLD, meant, numbered
from ledger.models import Match, Refund, StatementRow, Transfer
from ledger.models.book import UNDONE
from ledger.states import Phase, RowKind, TransferKind

AT_MOST: Final = 20
LOOKED_AT: Final = 500
NEAR: Final = timedelta(minutes=10)
PURCHASE_WITHIN: Final = timedelta(days=1)
REFUND_WITHIN: Final = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A booking, or a claim that the row may pay. `why`: what speaks for or against it."""

    transfer: Transfer | None
    refund: Refund | None
    reference: str
    service: str
    amount: Decimal
    at: datetime
    why: Sequence[str]
    score: int


def candidates(row: StatementRow) -> list[Candidate]:
    """At most twenty, the likeliest first. Nothing is decided by this."""
    if row.kind == RowKind.PURCHASE:
        found: Iterable[Candidate] = (_of(row, each) for each in _purchases(row))
    elif row.kind == RowKind.REFUND:
        found = [_claim(row, each) for each in _claims(row)]
        found += [_of(row, each) for each in [*_landed(row), *_unclaimed(row)]]
    elif row.kind == RowKind.DEPOSIT:
        found = (_of(row, each) for each in _booked(row, TransferKind.DEPOSIT))
    else:
        found = ()
    return sorted(found, key=lambda each: (-each.score, abs(each.at - row.occurred_at)))[:AT_MOST]


def _free(row: StatementRow) -> QuerySet[Transfer]:
    """The wallet's transfers that no row stands for."""
    live = Match.objects.filter(
        Q(transfer=OuterRef("pk")) | Q(transfer=OuterRef("resolves")), undone_at__isnull=True
    )
    return Transfer.objects.filter(~Exists(live), wallet=row.wallet_id)


def _purchases(row: StatementRow) -> QuerySet[Transfer]:
    settled = Transfer.objects.filter(resolves=OuterRef("pk"))
    open_ones = Q(phase__in=[Phase.POSTED, Phase.POST]) | Q(~Exists(settled), phase=Phase.PENDING)
    return _free(row).filter(
        open_ones, kind=TransferKind.PURCHASE, occurred_at__range=_around(row, PURCHASE_WITHIN)
    )[:LOOKED_AT]


def _booked(row: StatementRow, kind: TransferKind) -> QuerySet[Transfer]:
    found = _free(row).filter(kind=kind, occurred_at__range=_around(row, PURCHASE_WITHIN))
    taken_back = Transfer.objects.filter(key=Concat(OuterRef("key"), Value(UNDONE)))
    own = found.filter(~Exists(taken_back), amount=row.amount)
    return own.exclude(key__startswith="row:")[:LOOKED_AT]


def _landed(row: StatementRow) -> QuerySet[Transfer]:
    return _booked(row, TransferKind.REFUND)


def _claims(row: StatementRow) -> list[Refund]:
    found = Refund.objects.filter(
        wallet=row.wallet_id, claimed_at__range=(row.occurred_at - REFUND_WITHIN, _latest(row))
    )
    return [
        each for each in found.order_by("-claimed_at")[:LOOKED_AT] if each.received < each.charged
    ]


def _unclaimed(row: StatementRow) -> QuerySet[Transfer]:
    """Purchases that no refund was asked for: it may have come back by itself."""
    claim = Refund.objects.filter(wallet=row.wallet_id, reference=OuterRef("reference"))
    return Transfer.objects.filter(
        ~Exists(claim),
        wallet=row.wallet_id,
        kind=TransferKind.PURCHASE,
        phase__in=[Phase.POSTED, Phase.POST],
        amount__gte=row.amount,
        occurred_at__range=(row.occurred_at - PURCHASE_WITHIN, row.occurred_at),
    )[:LOOKED_AT]


def _latest(row: StatementRow) -> datetime:
    return row.occurred_at + NEAR


def _around(row: StatementRow, within: timedelta) -> tuple[datetime, datetime]:
    return row.occurred_at - within, row.occurred_at + within


def _of(row: StatementRow, transfer: Transfer) -> Candidate:
    why, score = _compare(
        row, transfer.amount, transfer.service, transfer.external_id, transfer.occurred_at
    )
    if transfer.phase == Phase.PENDING:
        why.append(_("its outcome is in doubt"))
    return Candidate(
        transfer,
        None,
        transfer.reference,
        transfer.service,
        transfer.amount,
        transfer.occurred_at,
        why,
        score,
    )


def _claim(row: StatementRow, refund: Refund) -> Candidate:
    owed = refund.charged - refund.received
    why, score = _compare(row, owed, refund.service, refund.external_id, refund.claimed_at)
    why.append(_("a refund is awaited") if refund.is_awaited else refund.get_state_display())
    return Candidate(
        None,
        refund,
        refund.reference,
        refund.service,
        owed,
        refund.claimed_at,
        why,
        score + (15 if refund.is_awaited else 0),
    )


def _compare(
    row: StatementRow, amount: Decimal, service: str, external_id: str, at: datetime
) -> tuple[list[str], int]:
    why, score = [], 0
    if external_id and f"#{external_id}" in row.description.replace("# ", "#"):
        why.append(_("the description’s number is its activation"))
        score += 40
    if amount == row.amount:
        why.append(_("the same amount"))
        score += 30
    else:
        why.append(_("another amount: %(amount)s") % {"amount": figure(amount)})
    said = meant(row.description.split("#")[0], numbered([service]))
    if said > UNTOLD:
        why.append(_("the same service"))
        score += 20
    elif said != UNTOLD:
        why.append(_("another service"))
        score -= 20
    apart = abs(at - row.occurred_at)
    why.append(_("%(minutes)d minutes apart") % {"minutes": apart.total_seconds() // 60})
    return why, score + (10 if apart <= NEAR else 0)
