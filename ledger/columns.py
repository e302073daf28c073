"""The columns of this application's lists, in the order of their templates."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.pages import columns
from accounts.pages.columns import Column, Listing
from accounts.states import Role

READERS = (Role.FINANCE, Role.ADMIN)
REFUNDS = [
    Column("rental", _("Rental"), fixed=True),
    Column("state", _("State")),
    Column("why", _("Why")),
    Column("wallet", _("Wallet")),
    Column("due", _("Due")),
    Column("expected", _("Expected")),
    Column("received", _("Received")),
]
STATEMENT = [
    Column("booked", _("Booked on")),
    Column("what", _("What"), fixed=True),
    Column("about", _("About")),
    Column("activation", _("Activation")),
    Column("amount", _("Amount")),
    Column("after", _("Balance after")),
]


def register() -> None:
    columns.register(Listing("refund_list", _refunds, READERS))
    columns.register(Listing("wallet_detail", _statement, READERS))


def _refunds(_membership: Membership) -> Sequence[Column]:
    return REFUNDS


def _statement(_membership: Membership) -> Sequence[Column]:
    return STATEMENT
