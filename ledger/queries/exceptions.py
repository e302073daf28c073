"""The queue in front of finance."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, QuerySet, Sum

from accounts.models import Team
from ledger.models import Match, ReconciliationException, RowVersion, Snapshot, Transfer
from ledger.states import UNRESOLVED

PARTS: Final = 20  # that one change of the balance can be divided into


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known about one exception: what the provider said, and what came of it.

    `others`: exceptions of the same wallet whose rows may belong to the same claim.
    """

    exception: ReconciliationException
    versions: list[RowVersion]
    snapshots: list[Snapshot]
    match: Match | None
    others: list[ReconciliationException]
    booked: list[Transfer]


def open_count(team: Team) -> int:
    rows = ReconciliationException.objects.filter(wallet__team=team, state__in=UNRESOLVED)
    return rows.count()


def shown(rows: QuerySet[ReconciliationException]) -> QuerySet[ReconciliationException]:
    return rows.select_related("wallet", "row", "assigned_to", "resolved_by")


def totals(rows: QuerySet[ReconciliationException]) -> list[dict[str, Any]]:
    """By currency: how many, and what the wallets hold more (or less) for them."""
    found: QuerySet[Any, Any] = (
        rows.order_by().values("currency").annotate(count=Count("pk"), all=Sum("amount"))
    )
    return list(found.order_by("currency"))


def tell(exception: ReconciliationException) -> Told:
    row = exception.row
    versions = list(row.versions.all()) if row else []
    return Told(
        exception,
        versions,
        _snapshots(exception) if row is None and exception.amount else [],
        _match(exception),
        _others(exception) if row else [],
        _booked(exception),
    )


def _snapshots(exception: ReconciliationException) -> list[Snapshot]:
    """The last readings up to when it was reported."""
    read = Snapshot.objects.filter(wallet=exception.wallet_id, answered_at__lte=exception.opened_at)
    return list(read.order_by("-answered_at")[:3])


def _match(exception: ReconciliationException) -> Match | None:
    live = Match.objects.filter(row=exception.row_id, undone_at__isnull=True)
    return live.select_related("transfer", "actor").first() if exception.row_id else None


def _others(exception: ReconciliationException) -> list[ReconciliationException]:
    same = ReconciliationException.objects.filter(
        wallet=exception.wallet_id,
        kind=exception.kind,
        state__in=UNRESOLVED,
        row__isnull=False,
    )
    return list(same.exclude(pk=exception.pk).select_related("row").order_by("-occurred_at")[:20])


def _booked(exception: ReconciliationException) -> list[Transfer]:
    """What its resolutions booked, the newest first. Its money in suspense is no news."""
    numbers = ["", *(f":{n}" for n in range(2, 10))]
    keys = [
        f"exception:{exception.pk}:{what}{number}"
        for what in ("resolved", "reopened")
        for number in numbers
    ]
    if exception.row_id is None:
        keys += [each for key in keys[: len(numbers)] for each in part_keys(key)]
    found = Transfer.objects.filter(key__in=keys).select_related("debit", "credit", "actor")
    return list(found.order_by("-pk"))


def part_keys(resolved: str) -> list[str]:
    """Under which the parts of a resolution are booked, whose own key is `resolved`."""
    return [f"{resolved}:part:{place}" for place in range(1, PARTS + 1)]
