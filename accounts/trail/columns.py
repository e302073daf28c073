"""The columns of the audit log, in the order of its template."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.pages import columns
from accounts.pages.columns import Column, Listing
from accounts.states import Role

LOG = [
    Column("action", _("Action"), fixed=True),
    Column("about", _("About")),
    Column("who", _("Who")),
    Column("address", _("Address")),
    Column("when", _("When")),
]


def register() -> None:
    columns.register(Listing("audit_log", _log, (Role.FINANCE, Role.ADMIN)))


def _log(_membership: Membership) -> Sequence[Column]:
    return LOG
