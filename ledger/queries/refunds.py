"""What the providers owe."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, Q, QuerySet, When

from ledger.models import Refund
from ledger.states import AWAITED, RefundState


@dataclass(frozen=True, slots=True)
class Owed:
    """A refund as the list tells of it. `missing` counts what can still come, at most."""

    refund: Refund
    is_overdue: bool
    can_be_written_off: bool


def named(word: str) -> Q:
    """The refund of the rental or activation that is called so."""
    names = Q(reference__in=[word, f"rental:{word.removeprefix('#')}"])
    return names | Q(external_id=word)


def shown(refunds: QuerySet[Refund]) -> QuerySet[Refund]:
    return refunds.select_related("wallet", "closed_by")


def in_order(refunds: QuerySet[Refund]) -> QuerySet[Refund]:
    """What is awaited, the first due first; then the settled, the last due first."""
    awaited = When(state__in=AWAITED, then=F("due_at"))
    return refunds.order_by(Case(awaited).asc(nulls_last=True), "-due_at", "-pk")


def rows(numbers: Iterable[int]) -> QuerySet[Refund]:
    """A page's refunds, by their numbers."""
    return shown(in_order(Refund.objects.filter(pk__in=list(numbers))))


def owed(refund: Refund, *, now: datetime) -> Owed:
    late = refund.is_awaited and refund.expected_max > 0 and refund.due_at < now
    given_up_from = AWAITED | {RefundState.SHORT_PAID}
    return Owed(refund, late, refund.state in given_up_from)
