"""A team's refunds as a list, however many there are.

What they come to is kept by all that a list is filtered by but days and numbers (`RefundSum`).
Its pages are read along an index, kind after kind and only as far as the page goes.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, Final, override

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.utils.functional import cached_property

from accounts.models import Team
from accounts.pages.first_pages import FirstPages
from ledger.models import Refund, RefundSum
from ledger.queries.refunds import named
from ledger.states import AWAITED

KIND: Final = ("wallet_id", "state", "cause")

# In the order of queries.refunds.in_order.
_PAGE: Final = """
    WITH kind AS MATERIALIZED (
        SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::boolean[])
            kind(wallet_id, state, cause, is_awaited)
    )
    SELECT id FROM (
        SELECT true AS is_awaited, found.*
        FROM kind CROSS JOIN LATERAL ({awaited}) found(id, at) WHERE kind.is_awaited
        UNION ALL
        SELECT false, found.*
        FROM kind CROSS JOIN LATERAL ({settled}) found(id, at) WHERE NOT kind.is_awaited
    ) refund
    ORDER BY CASE WHEN is_awaited THEN at END NULLS LAST, at DESC, id DESC OFFSET %s LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A team's refunds of a `kind`, which their sums know too, due in some `days`, that hold all
    `words`, each in the service's name or as the number of the rental or activation."""

    team: Team
    kind: Q
    days: Q
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Total:
    """Of one currency: how many, what should come at most, what came, what is still awaited."""

    currency: str
    count: int
    most: Decimal
    came: Decimal
    missing: Decimal


class Listed(FirstPages):
    """The numbers of the refunds that are wanted, in order. `total` and `totals` are of all."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    @cached_property
    def totals(self) -> list[Total]:
        """By currency."""
        found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
        for currency, state, count, most, came in self._summed():
            missing = most - came if state in AWAITED else 0
            more = (count, most, came, missing)
            found[currency] = [
                one + other for one, other in zip(found[currency], more, strict=True)
            ]
        return [
            Total(currency, int(count), *money)
            for currency, (count, *money) in sorted(found.items())
        ]

    @cached_property
    def total(self) -> int:
        return sum(total.count for total in self.totals)

    @property
    @override
    def counted(self) -> int:
        return self.total

    @override
    def between(self, start: int, stop: int) -> list[int]:
        kinds = {tuple(each[name] for name in KIND) for each in self._sums}
        columns = [[kind[at] for kind in kinds] for at in range(len(KIND))]
        awaited, first = self._of_a_kind("due_at", stop)
        settled, last = self._of_a_kind("-due_at", stop)
        values = [*columns, [state in AWAITED for state in columns[1]], *first, *last]
        with connection.cursor() as cursor:
            statement = _PAGE.format(awaited=awaited, settled=settled)
            cursor.execute(statement, [*values, start, stop - start])
            return [pk for (pk,) in cursor.fetchall()]

    def _of_a_kind(self, order: str, most: int) -> tuple[str, tuple[Any, ...]]:
        """A statement for the numbers and days of those that are of the `kind` around it."""
        rows = Refund.objects.filter(
            self._wanted.days,
            self._held,
            wallet_id=RawSQL("kind.wallet_id", ()),
            state=RawSQL("kind.state", ()),
            cause=RawSQL("kind.cause", ()),
        )
        query = rows.order_by(order, "-pk").values_list("pk", "due_at")[:most].query
        return query.sql_with_params()

    def _summed(self) -> Iterator[tuple[str, str, int, Decimal, Decimal]]:
        """Currency, state, how many, expected at most, received: in any number of parts."""
        if self._wanted.days:
            sums = (Count("pk"), Sum("expected_max"), Sum("received"))
            rows = self._rows.filter(self._held).order_by()
            yield from rows.values_list("currency", "state").annotate(*sums)
            return
        for each in self._sums:
            if self._holds_all(each):
                yield (
                    each["currency"], each["state"], each["count"], each["most"], each["came"],
                )  # fmt: skip
        for refund in self._named:
            yield refund.currency, refund.state, 1, refund.expected_max, refund.received

    @property
    def _rows(self) -> QuerySet[Refund]:
        """Those of the kind and the days, whatever they are called."""
        wallets = {each["wallet_id"] for each in self._sums}
        return Refund.objects.filter(self._wanted.kind, self._wanted.days, wallet__in=wallets)

    @cached_property
    def _held(self) -> Q:
        """What holds all words."""
        if not self._wanted.words:
            return Q()
        services = {each["service"] for each in self._sums if self._holds_all(each)}
        numbers = [refund.pk for refund in self._named]
        return Q(service__in=services) | Q(pk__in=numbers)

    @cached_property
    def _named(self) -> list[Refund]:
        """The few that a word names, and whose service does not hold all words."""
        words = self._wanted.words
        if not words:
            return []
        rows = self._rows.filter(reduce(or_, map(named, words)))
        for word in words:
            rows = rows.filter(named(word) | Q(service__icontains=word))
        services = {each["service"] for each in self._sums if self._holds_all(each)}
        return [refund for refund in rows if refund.service not in services]

    def _holds_all(self, each: dict[str, Any]) -> bool:
        return bool(each.get("holds_all", True))

    @cached_property
    def _sums(self) -> list[dict[str, Any]]:
        """What there is of the kind, whatever its days; by service where words are asked for."""
        sums = RefundSum.objects.filter(self._wanted.kind, wallet__team=self._wanted.team)
        alike = [*KIND, "currency"]
        if self._wanted.words:
            holding = Q(*(Q(service__icontains=word) for word in self._wanted.words))
            sums = sums.annotate(holds_all=holding)
            alike += ["service", "holds_all"]
        counted = sums.values(*alike).annotate(
            count=Sum("refunds"), most=Sum("expected_max"), came=Sum("received")
        )
        return list(counted.filter(count__gt=0))
