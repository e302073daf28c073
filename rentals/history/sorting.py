"""The history's orders, and its pages in them however many rentals there are.

Nobody pages through a million: no more than MOST are counted, and there the pages end. So few are
sorted on the spot. Of more, pages are read along an index: that of the order; or, for a column of
few values, that of its filter, value after value and only as far as the page goes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, overload, override

from django.db import connection
from django.db.models import F, Func
from django.db.models.expressions import OrderBy, RawSQL
from django.db.models.functions import Coalesce, Lower
from django.utils.functional import cached_property

from rentals.models.rentals import RentalQuerySet

MOST: Final = 1_000
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


class Listed(Sequence[int]):
    """The numbers of rentals in such an order, the first MOST of them: what a paginator wants.

    `values` tells all values of a column, sorted; a list in no column's order needs none.
    """

    def __init__(
        self,
        rentals: RentalQuerySet,
        sort: str = "",
        values: Callable[[str], Values] = lambda _column: (),
    ) -> None:
        self._rentals, self._sort, self._values = rentals, sort, values

    @property
    def goes_on(self) -> bool:
        """Whether there are more than are listed."""
        return self._counted > MOST

    @override
    def __len__(self) -> int:
        return min(self._counted, MOST)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    @override
    def __getitem__(self, place: int | slice) -> int | list[int]:
        if isinstance(place, int):
            return self[place : place + 1][0]
        order, down = _read(self._sort)
        if order.column and self.goes_on:
            values = self._values(order.column)
            return self._by_value(order.column, values[::-1] if down else values, place)
        return list(in_order(self._rentals, self._sort).values_list("pk", flat=True)[place])

    @cached_property
    def _counted(self) -> int:
        return self._rentals.order_by()[: MOST + 1].count()

    def _by_value(self, column: str, values: Values, place: slice) -> list[int]:
        of_one = self._rentals.filter(**{column: RawSQL("one.value", ())}).order_by(*NEWEST_FIRST)
        found = of_one.values_list("pk", "requested_at")[: place.stop]
        statement, parameters = found.query.sql_with_params()
        kind = "bigint" if column.endswith("_id") else "text"
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT found.id FROM unnest(%s::{kind}[]) WITH ORDINALITY one(value, place)
                CROSS JOIN LATERAL ({statement}) found(id, at)
                ORDER BY one.place, found.at DESC, found.id DESC OFFSET %s LIMIT %s
                """,
                [list(values), *parameters, place.start, place.stop - place.start],
            )
            return [pk for (pk,) in cursor.fetchall()]


def _read(sort: str) -> tuple[Order, bool]:
    """The order, and whether it goes downwards."""
    order = SORTS.get(sort.removeprefix("-"))
    return (order, sort.startswith("-")) if order else (SORTS["requested"], True)
