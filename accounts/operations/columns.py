"""Somebody chooses the columns of a list."""

from collections.abc import Collection

from accounts.models import HiddenColumns, Membership
from accounts.pages.columns import Listing, hidden


def choose_columns(*, membership: Membership, listing: Listing, shown: Collection[str]) -> None:
    """Show those of the list's columns that `shown` names; what it names besides is ignored.

    A column that this team's pages don't have for them stays as they chose it elsewhere.
    """
    here = {column.key for column in listing.columns(membership) if not column.fixed}
    elsewhere = hidden(membership.user, listing.route) - here
    HiddenColumns.objects.update_or_create(
        user=membership.user,
        listing=listing.route,
        defaults={"names": sorted(elsewhere | (here - set(shown)))},
    )
