"""The history's orders, and its pages in them however many rentals there are.

Where the pages end, counting ends too. So few are sorted on the spot. Of more, pages are read along
an index: that of the order; or, for a column of few values, that of its filter, value after value
and only as far as the page goes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, override

from django.db import connection
from django.db.models import F, Func
from django.db.models.expressions import OrderBy, RawSQL
from django.db.models.functions import Coalesce, Lower
from django.utils.functional import cached_property

from accounts.pages.first_pages import FirstPages
from rentals.models.rentals import RentalQuerySet

NEWEST_FIRST: Final = ("-requested_at", "-pk")


@dataclass(frozen=True, slots=True)
class Order:
    """By `keys`, and by number where they are equal. By a `column` of few values: within each the
    newest first, whichever way the values go."""

    keys: tuple[str | Func, ...]
    column: str = ""


SORTS: Final = {
    "requested": Order(("requested_at",)),
    "price": Order(("currency", Coalesce("charged", "price"))),
    "service": Order((Lower("service_name"), "service_name"), "service_name"),
    "account": Order(("account__label", "account_id"), "account_id"),
    "state": Order(("state",), "state"),
    "member": Order(("member__name", "member__email", "member_id"), "member_id"),
}

type Values = Sequence[int] | Sequence[str]


def in_order(rentals: RentalQuerySet, sort: str) -> RentalQuerySet:
    """Sorted by a word of SORTS, downwards with a "-" before it; the newest first otherwise."""
    order, down = _read(sort)
    keys = order.keys if order.column else (*order.keys, "pk")
    directed = [OrderBy(F(key) if isinstance(key, str) else key, descending=down) for key in keys]
    return rentals.order_by(*directed, *(NEWEST_FIRST if order.column else ()))


class Listed(FirstPages):
    """The numbers of rentals in such an order.

    `values` tells all values of a column, sorted; a list in no column's order needs none.
    """

    def __init__(
        self,
        rentals: RentalQuerySet,
        sort: str = "",
        values: Callable[[str], Values] = lambda _column: (),
    ) -> None:
        self._rentals, self._sort, self._values = rentals, sort, values

    @cached_property
    @override
    def counted(self) -> int:
        return self._rentals.order_by()[: self.most + 1].count()

    @override
    def between(self, start: int, stop: int) -> list[int]:
        order, down = _read(self._sort)
        if order.column and self.goes_on:
            values = self._values(order.column)
            return self._by_value(order.column, values[::-1] if down else values, start, stop)
        return list(in_order(self._rentals, self._sort).values_list("pk", flat=True)[start:stop])

    def _by_value(self, column: str, values: Values, start: int, stop: int) -> list[int]:
        of_one = self._rentals.filter(**{column: RawSQL("one.value", ())}).order_by(*NEWEST_FIRST)
        found = of_one.values_list("pk", "requested_at")[:stop]
        statement, parameters = found.query.sql_with_params()
        kind = "bigint" if column.endswith("_id") else "text"
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT found.id FROM unnest(%s::{kind}[]) WITH ORDINALITY one(value, place)
                CROSS JOIN LATERAL ({statement}) found(id, at)
                ORDER BY one.place, found.at DESC, found.id DESC OFFSET %s LIMIT %s
                """,
                [list(values), *parameters, start, stop - start],
            )
            return [pk for (pk,) in cursor.fetchall()]


def _read(sort: str) -> tuple[Order, bool]:
    """The order, and whether it goes downwards."""
    order = SORTS.get(sort.removeprefix("-"))
    return (order, sort.startswith("-")) if order else (SORTS["requested"], True)
