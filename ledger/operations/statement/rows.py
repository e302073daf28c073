"""Rows of a provider's statement are kept as they were first seen, and what they read later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.models import ProviderAccount
from ledger.amounts import figure
from ledger.models import RowVersion, StatementRow
from ledger.operations.exceptions import Report, report_all
from ledger.states import ExceptionKind, RowKind
from providers.values import Transaction

MOST_TOLD: Final = 100  # characters of a description
A_SECOND: Final = timedelta(seconds=1)
SIGNS: Final = {RowKind.PURCHASE: -1, RowKind.REFUND: 1, RowKind.DEPOSIT: 1, RowKind.OTHER: 0}
_COLUMNS: Final = {
    "provider_id": "text",
    "kind": "text",
    "kind_raw": "text",
    "amount": "numeric",
    "description": "text",
    "occurred_at": "timestamptz",
    "before_cut_over": "boolean",
}
_INSERT: Final = f"""
    INSERT INTO ledger_statementrow (wallet_id, first_seen_at, {", ".join(_COLUMNS)})
    SELECT %s, %s, v.* FROM unnest({", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())}) v
    ON CONFLICT (wallet_id, provider_id) DO NOTHING
"""  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class Reading:
    """A row as it reads now. `at` is None where the provider does not say when it was."""

    provider_id: str
    kind_raw: str
    amount: Decimal
    description: str
    at: datetime | None

    @property
    def kind(self) -> RowKind:
        return kind_of(self.kind_raw)

    @property
    def effect(self) -> Decimal:
        """What it did to the wallet, with its sign."""
        return SIGNS[self.kind] * self.amount


def reading(row: Transaction) -> Reading:
    """A row from the wire, no longer than it is kept."""
    return Reading(row.id[:64], row.kind[:40], row.amount, row.description[:500], row.created_at)


def kind_of(word: str) -> RowKind:
    return RowKind(word) if word in RowKind.values else RowKind.OTHER


def effect_of(row: StatementRow) -> Decimal:
    """What a row did to the wallet when it was first seen."""
    return SIGNS[RowKind(row.kind)] * row.amount


def known(wallet: ProviderAccount, rows: Iterable[Reading]) -> dict[str, StatementRow]:
    """The kept rows among these, by the provider's id."""
    ids = [row.provider_id for row in rows]
    kept = StatementRow.objects.filter(wallet=wallet, provider_id__in=ids)
    return {row.provider_id: row for row in kept}


def keep_new(
    wallet: ProviderAccount, rows: Sequence[Reading], *, before: bool | None, now: datetime
) -> int:
    """Keep rows that are not known; how many of them were new.

    `before`: whether they are from before the cut-over; None decides by each row's time.
    """
    if not rows:
        return 0
    cut = wallet.book.cut_over_at
    columns = zip(*(_values(row, before, cut, now) for row in rows), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [wallet.pk, now, *map(list, columns)])
        return int(cursor.rowcount)


def _values(row: Reading, before: bool | None, cut: datetime, now: datetime) -> tuple[Any, ...]:
    at = row.at or now
    is_before = at < cut if before is None else before
    kind, raw = row.kind.value, row.kind_raw
    return row.provider_id, kind, raw, row.amount, row.description, at, is_before


def keep_changes(
    wallet: ProviderAccount,
    rows: Sequence[Reading],
    kept: Mapping[str, StatementRow],
    *,
    now: datetime,
) -> int:
    """Keep what known rows read now, where it is news, and report it; how many did."""
    latest = _latest(kept)
    news = [
        (kept[row.provider_id], latest[row.provider_id], row)
        for row in rows
        if row.provider_id in kept and _differs(latest[row.provider_id], row)
    ]
    if not news:
        return 0
    with transaction.atomic():
        versions = RowVersion.objects.bulk_create(
            RowVersion(
                row=row,
                seen_at=now,
                kind_raw=reads.kind_raw,
                amount=reads.amount,
                description=reads.description,
                occurred_at=reads.at,
            )
            for row, _before, reads in news
        )
        reports = [
            _change(row, version, before, reads)
            for version, (row, before, reads) in zip(versions, news, strict=True)
        ]
        report_all(wallet, reports, now=now)
    return len(news)


def _latest(kept: Mapping[str, StatementRow]) -> dict[str, Reading]:
    """How each row read when it was last read."""
    ids = {row.pk: provider_id for provider_id, row in kept.items()}
    last = {
        provider_id: Reading(provider_id, row.kind_raw, row.amount, row.description, _told(row))
        for provider_id, row in kept.items()
    }
    for version in RowVersion.objects.filter(row__in=ids).order_by("seen_at", "pk"):
        name = ids[version.row_id]
        at = version.occurred_at or last[name].at
        last[name] = Reading(name, version.kind_raw, version.amount, version.description, at)
    return last


def _told(row: StatementRow) -> datetime | None:
    """When it was, None where the provider did not say and the first sight stands for it."""
    return None if row.occurred_at == row.first_seen_at else row.occurred_at


def _differs(before: Reading, now: Reading) -> bool:
    same = (before.kind_raw, before.amount, before.description)
    return _moved(before, now) or same != (now.kind_raw, now.amount, now.description)


def _moved(before: Reading, now: Reading) -> bool:
    """By more than what is lost where the fraction of a second is once told and once not."""
    return before.at is not None and now.at is not None and abs(now.at - before.at) >= A_SECOND


def _change(row: StatementRow, version: RowVersion, before: Reading, reads: Reading) -> Report:
    words = {"id": row.provider_id, "before": _said(before, reads), "now": _said(reads, before)}
    return Report(
        key=f"row:{row.pk}:version:{version.pk}",
        kind=ExceptionKind.CHANGED_ROW,
        amount=reads.effect - before.effect,
        occurred_at=row.occurred_at,
        detail=_("Row #%(id)s of the statement read “%(before)s” and reads “%(now)s” now.") % words,
    )


def _said(reading: Reading, other: Reading) -> str:
    """A reading in words, and of what else it says that which the other does not say."""
    words = [reading.kind_raw, figure(reading.amount)]
    if reading.description != other.description:
        words.append(reading.description[:MOST_TOLD])
    if reading.at is not None and (other.at is None or _moved(reading, other)):
        words.append(f"{reading.at:%Y-%m-%d %H:%M:%S} UTC")
    return " ".join(words)


def report_vanished(wallet: ProviderAccount, seen: set[str], *, now: datetime) -> int:
    """Report the kept rows that a complete listing does not have; how many are newly gone."""
    kept = StatementRow.objects.filter(wallet=wallet, first_seen_at__lt=now)
    gone = [pk for pk, name in kept.values_list("pk", "provider_id") if name not in seen]
    rows = StatementRow.objects.filter(pk__in=gone)
    return report_all(wallet, [_vanished(row) for row in rows], now=now)


def _vanished(row: StatementRow) -> Report:
    words = {"id": row.provider_id, "what": f"{row.kind_raw} {figure(row.amount)}"}
    return Report(
        key=f"row:{row.pk}:vanished",
        kind=ExceptionKind.VANISHED_ROW,
        occurred_at=row.occurred_at,
        detail=_("Row #%(id)s (%(what)s) stood on the statement and is gone.") % words,
    )
