"""A statement of which the provider counts more rows than it gave: told of once, until it is over.

The count may be wrong. Where the pages came to their end, and all that they list adds up to a
balance that was read, nothing is missing up to then.
"""

from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from accounts.models import ProviderAccount
from ledger.models import Reconciliation, ReconciliationException, Snapshot, StatementRow
from ledger.operations.exceptions import Report, report
from ledger.operations.statement.cut_over import UNSURE, opening, signed_sum
from ledger.states import UNRESOLVED, ExceptionKind, ExceptionState, Resolution

LOOKED_AT: Final = 5  # balances


def added_up_at(wallet: ProviderAccount, *, now: datetime) -> datetime | None:
    """When its balance was read last, if the wallet held just what its rows until then say.

    A row of the same seconds may be on either side of it: then the balance before it decides.
    """
    rows = StatementRow.objects.filter(wallet=wallet, before_cut_over=False)
    read = Snapshot.objects.filter(wallet=wallet, answered_at__lte=now).order_by("-answered_at")
    for snapshot in read[:LOOKED_AT]:
        around = (snapshot.asked_at - UNSURE, snapshot.answered_at + UNSURE)
        if not rows.filter(occurred_at__range=around).exists():
            until = rows.filter(occurred_at__lt=snapshot.asked_at)
            adds_up = opening(wallet) + signed_sum(until) == snapshot.provider
            return snapshot.asked_at if adds_up else None
    return None


def tell(
    run: Reconciliation, held: int, missing: int | None, *, disproved: bool, now: datetime
) -> None:
    """One notice for as long as the gap is there.

    `disproved`: what was read adds up, so that the count is wrong. Nor is it told again what a
    person has put aside, until another number of rows is missing.
    """
    if disproved:
        words = _("The provider counts %(missing)s rows more than it lists. What it lists adds up.")
        close(run.wallet, words % {"missing": missing}, now=now)
    elif not _open(run.wallet).exists() and not _was_put_aside(run.wallet, missing):
        report(run.wallet, _gap(run, held, missing, now), now=now)


def close(wallet: ProviderAccount, note: str, *, now: datetime) -> None:
    _open(wallet).update(
        state=ExceptionState.RESOLVED,
        resolved_at=now,
        resolution=Resolution.NOTED,
        reason=note,
    )


def _all(wallet: ProviderAccount) -> QuerySet[ReconciliationException]:
    return ReconciliationException.objects.filter(wallet=wallet, kind=ExceptionKind.STATEMENT_GAP)


def _open(wallet: ProviderAccount) -> QuerySet[ReconciliationException]:
    return _all(wallet).filter(state__in=UNRESOLVED)


def _was_put_aside(wallet: ProviderAccount, missing: int | None) -> bool:
    """Whether the last that was told was the same, and a person has resolved it."""
    last = _all(wallet).order_by("-opened_at", "-pk").first()
    return (
        last is not None
        and last.resolved_by_id is not None
        and last.key.rpartition(":")[2] == _count(missing)
    )


def _gap(run: Reconciliation, held: int, missing: int | None, now: datetime) -> Report:
    total = "?" if missing is None else held + missing
    return Report(
        key=f"gap:{run.pk}:{_count(missing)}",
        kind=ExceptionKind.STATEMENT_GAP,
        occurred_at=now,
        detail=_("The provider counts %(total)s rows, and %(held)s could be read.")
        % {"held": held, "total": total},
    )


def _count(missing: int | None) -> str:
    return "?" if missing is None else str(missing)
