"""The columns of this application's lists, in the order of their templates."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.pages import columns
from accounts.pages.columns import Column, Listing
from rentals.visibility import may_rent, sees_team

SECRET = [Column("number", _("Number")), Column("code", _("Code"))]
MEMBER = [Column("member", _("Member"))]
SPEND = [
    Column("name", _("Group"), fixed=True),
    Column("rentals", _("Rentals")),
    Column("received", _("Codes")),
    Column("success", _("Success")),
    Column("charged", _("Charged")),
    Column("refunded", _("Refunded")),
    Column("net", _("Net")),
    Column("per_code", _("Per code")),
    Column("held", _("Not decided")),
]


def register() -> None:
    columns.register(Listing("rental_list", history))
    columns.register(Listing("spend", _spend))


def history(membership: Membership) -> Sequence[Column]:
    """Those that this member has there."""
    return [
        Column("service", _("Service"), fixed=True),
        Column("state", _("State")),
        *(SECRET if may_rent(membership) else []),
        Column("price", _("Price")),
        Column("account", _("Account")),
        Column("requested", _("Requested")),
        *(MEMBER if sees_team(membership) else []),
    ]


def _spend(_membership: Membership) -> Sequence[Column]:
    return SPEND
