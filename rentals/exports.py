"""The columns of the rentals' lists as files, and their rows one by one.

No number, text or code is in them: a file goes where nobody can say who looks.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.utils.translation import gettext_lazy as _

from ledger.exports.cells import Value
from rentals import spending
from rentals.models import Rental
from rentals.models.rentals import RentalQuerySet
from rentals.spend.asked import GROUPS
from rentals.spend.sheet import Group

type Rows = Iterator[Sequence[Value]]

PORTION: Final = 2000  # rentals that are read at a time
TENTH: Final = Decimal("0.1")

HISTORY: Final = [
    _("Rental"),
    _("Service"),
    _("State"),
    _("Provider account"),
    _("Activation"),
    _("Requested"),
    _("Ended"),
    _("Member"),
    _("Purpose"),
    _("Currency"),
    _("Price"),
    _("Charged"),
    _("Refunded"),
    _("Not decided"),
]
SPEND: Final = [
    _("Rental"),
    _("Service"),
    _("Day"),
    _("Member"),
    _("State"),
    _("Provider account"),
    _("Currency"),
    _("Charged"),
    _("Refunded"),
    _("Net"),
    _("Not decided"),
]


def groups_head(group: str) -> list[object]:
    """Of the spend's table, as it is grouped by a word of `asked.GROUPS`."""
    return [
        GROUPS[group],
        _("Currency"),
        _("Rentals"),
        _("Codes"),
        _("Success in percent"),
        _("Charged"),
        _("Refunded"),
        _("Net"),
        _("Per code"),
        _("Not decided"),
    ]


def group_rows(groups: Iterable[Group]) -> Rows:
    for group in groups:
        found, percent = group.sum, group.percent
        yield (
            group.day or group.name,
            group.currency,
            found.rentals,
            found.received,
            None if percent is None else percent.quantize(TENTH, ROUND_HALF_UP),
            found.charged,
            found.refunded,
            found.net,
            found.per_code,
            found.held,
        )


def history_rows(rentals: RentalQuerySet) -> Rows:
    for rental in _read(rentals):
        yield (
            rental.pk,
            rental.service_name,
            str(rental.get_state_display()),
            rental.account.label,
            rental.activation_id,
            rental.requested_at,
            rental.ended_at,
            str(rental.member),
            rental.purpose,
            rental.currency,
            rental.price,
            spending.charged(rental),
            spending.refunded(rental),
            rental.held,
        )


def spend_rows(rentals: RentalQuerySet) -> Rows:
    for rental in _read(rentals):
        charged, refunded = spending.charged(rental), spending.refunded(rental)
        yield (
            rental.pk,
            rental.service_name,
            rental.day,
            str(rental.member),
            str(rental.get_state_display()),
            rental.account.label,
            rental.currency,
            charged,
            refunded,
            None if charged is None else charged - refunded,
            rental.held,
        )


def _read(rentals: RentalQuerySet) -> Iterator[Rental]:
    """With their money, a portion at a time."""
    read = spending.with_money(rentals.select_related("account", "member"))
    return read.iterator(chunk_size=PORTION)
