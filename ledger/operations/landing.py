"""Many refunds land at once: what `refunds.land` does for one, in a few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction

from accounts.models import ProviderAccount
from ledger.amounts import noted
from ledger.book import Entry, post_all
from ledger.days import team_day
from ledger.models import Refund, Transfer
from ledger.operations.exceptions import Report, report_all
from ledger.states import AccountKind, ExceptionKind, RefundState, TransferKind

_KEEP: Final = """
    UPDATE ledger_refund r
    SET received = v.received, received_at = v.received_at, state = v.state
    FROM unnest(%s::bigint[], %s::numeric[], %s::timestamptz[], %s::text[])
        v(id, received, received_at, state)
    WHERE r.id = v.id
"""


@dataclass(frozen=True, slots=True)
class Landing:
    """Refund money that was seen for a claim. `key` names it for good."""

    refund_id: int
    amount: Decimal
    key: str
    occurred_at: datetime


def land_all(
    wallet: ProviderAccount, landings: Sequence[Landing], *, now: datetime
) -> dict[str, int]:
    """Book them all or none; the transfers by key, without those that went beyond altogether.

    Never more than was charged: what goes beyond is put in suspense and in front of a person. A
    landing that is beyond altogether is not booked here: its row stays in the queue with its money,
    and would be in the book twice. The same keys again change nothing.
    """
    keys = [landing.key for landing in landings]
    with transaction.atomic():
        refunds = _locked(wallet, landings)
        known = dict(Transfer.objects.filter(wallet=wallet, key__in=keys).values_list("key", "pk"))
        fresh = [landing for landing in landings if landing.key not in known]
        entries, reports = [], []
        for landing in fresh:
            refund = refunds[landing.refund_id]
            within = max(min(landing.amount, refund.charged - refund.received), Decimal(0))
            if within:
                entries.append(_entry(wallet, refund, within, landing, now))
            if landing.amount > within > 0:
                reports.append(_excess(refund, landing.amount - within, landing))
            _receive(refund, within, landing, is_over=landing.amount > within)
        ids = post_all(entries)
        landed = {refunds[landing.refund_id].pk: refunds[landing.refund_id] for landing in fresh}
        _keep(list(landed.values()))
        reports += [_short(each, now) for each in landed.values() if _is_short(each)]
        report_all(wallet, reports, now=now)
    return known | {entry.key: pk for entry, pk in zip(entries, ids, strict=True)}


def _keep(refunds: Sequence[Refund]) -> None:
    """What came of them. Django's own `bulk_update` takes a second for a few hundred."""
    values = [(r.pk, r.received, r.received_at, str(r.state)) for r in refunds]
    if values:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [list(column) for column in zip(*values, strict=True)])


def _locked(wallet: ProviderAccount, landings: Sequence[Landing]) -> dict[int, Refund]:
    wanted = {landing.refund_id for landing in landings}
    rows = Refund.objects.select_for_update(of=("self",)).filter(wallet=wallet, pk__in=wanted)
    return {refund.pk: refund for refund in rows.order_by("pk")}


def _entry(
    wallet: ProviderAccount, refund: Refund, amount: Decimal, landing: Landing, now: datetime
) -> Entry:
    return Entry(
        key=landing.key,
        wallet_id=wallet.pk,
        debit=AccountKind.WALLET,
        credit=AccountKind.SPEND,
        amount=amount,
        kind=TransferKind.REFUND,
        reference=refund.reference,
        external_id=refund.external_id,
        service=refund.service,
        occurred_at=landing.occurred_at,
        booked_on=team_day(wallet.team, now),
        day=refund.day,
    )


def _receive(refund: Refund, amount: Decimal, landing: Landing, *, is_over: bool) -> None:
    refund.received += amount
    refund.received_at = landing.occurred_at
    refund.state = RefundState.OVER_PAID if is_over else refund.state_by_money


def _is_short(refund: Refund) -> bool:
    return refund.state == RefundState.SHORT_PAID


def _excess(refund: Refund, excess: Decimal, landing: Landing) -> Report:
    return Report(
        key=f"excess:{landing.key}",
        kind=ExceptionKind.DOUBLE_REFUND,
        amount=excess,
        reference=refund.reference,
        occurred_at=landing.occurred_at,
        detail="More came back than was charged.",
    )


def _short(refund: Refund, now: datetime) -> Report:
    return Report(
        key=f"short:{refund.reference}",
        kind=ExceptionKind.SHORT_REFUND,
        reference=refund.reference,
        occurred_at=now,
        detail=f"{noted(refund.received, refund.currency)} of "
        f"{noted(refund.expected_min, refund.currency)} came back.",
    )
