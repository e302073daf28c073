"""The columns of the rentals' lists as files, and their rows one by one.

No number, text or code is in them: a file goes where nobody can say who looks.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from ledger.exports.cells import Value
from rentals import spending
from rentals.models import Rental
from rentals.models.rentals import RentalQuerySet

type Rows = Iterator[Sequence[Value]]

PORTION: Final = 2000  # rentals that are read at a time

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
