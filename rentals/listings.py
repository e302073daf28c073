"""This application's lists as files: what each address asks for, and who may have it."""

from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy

from ledger.days import team_day
from ledger.exports.listings import Asked, Listing, NotListed, Table, refuse_if, register
from rentals import exports, spending
from rentals.history.filters import RentalFilter
from rentals.history.sorting import in_order
from rentals.spend import month as by_month
from rentals.spend.asked import PARAMETERS, asked
from rentals.spend.asked import Asked as SpendAsked
from rentals.spend.behind import behind
from rentals.spend.sheet import sheet
from rentals.visibility import sees_spend, sees_spend_of, spender

NOT_THEIRS: Final = gettext_lazy("What others spend is for finance and admins. You see your own.")


def register_all() -> None:
    register(Listing("rentals", gettext_lazy("History"), _history))
    register(Listing("spend", gettext_lazy("Spend"), _spend))
    register(Listing("spend-behind", gettext_lazy("Rentals behind the spend"), _behind))
    register(Listing("spend-rentals", gettext_lazy("Rentals of a month"), _month))


def _history(wanted: Asked) -> Table:
    """What is filtered; of their own, for whoever sees no one else's money."""
    narrowed = RentalFilter(wanted.query, membership=wanted.membership)
    refuse_if(narrowed.form.problems)
    rentals = in_order(narrowed.qs, wanted.query.get("sort", ""))
    if not sees_spend(wanted.membership):
        rentals = rentals.filter(member=wanted.membership.user_id)
    return Table(
        "rentals", exports.HISTORY, rentals, lambda: exports.history_rows(rentals), narrowed.said
    )


def _spend(wanted: Asked) -> Table:
    """The page's table, all pages of it."""
    membership, found = wanted.membership, _asked(wanted)
    accounts = list(membership.team.provider_accounts.order_by("label"))
    groups = sheet(found, membership.team, accounts).groups
    return Table(
        f"spend-{found.period.first}-{found.period.last}",
        exports.groups_head(found.group),
        groups,
        lambda: exports.group_rows(groups),
        _said(wanted, *PARAMETERS),
    )


def _behind(wanted: Asked) -> Table:
    """The single rentals behind the spend page's figures."""
    found = _asked(wanted)
    rentals = behind(wanted.membership, found)
    return Table(
        f"spend-rentals-{found.period.first}-{found.period.last}",
        exports.SPEND,
        rentals,
        lambda: exports.spend_rows(rentals),
        _said(wanted, *PARAMETERS, "currency"),
    )


def _asked(wanted: Asked) -> SpendAsked:
    """What the address asks of the spend. Raises NotListed."""
    membership = wanted.membership
    if not sees_spend_of(membership, wanted.query.get("member")):
        raise NotListed(str(NOT_THEIRS), 403)
    today = team_day(membership.team, wanted.now)
    found = asked(wanted.query, membership.team_id, today=today, member=spender(membership))
    if found.problem:
        raise NotListed(found.problem, 400)
    return found


def _said(wanted: Asked, *names: str) -> dict[str, str]:
    """What is set of the address."""
    said = {name: str(wanted.query.get(name, "")) for name in names}
    return {name: value[:100] for name, value in said.items() if value}


def _month(wanted: Asked) -> Table:
    """The rentals of the month that the page shows."""
    membership = wanted.membership
    asks = by_month.asked(wanted.query)
    if not sees_spend_of(membership, asks.member):
        raise NotListed(str(NOT_THEIRS), 403)
    member = asks.whose(membership)
    month: date | None = asks.shown(spending.by_month(membership.team_id, member))
    rentals = by_month.behind(membership, month, member)
    filtered = {"month": f"{month:%Y-%m}" if month else "", "member": str(member or "")}
    return Table(
        f"spend-{month:%Y-%m}" if month else "spend",
        exports.SPEND,
        rentals,
        lambda: exports.spend_rows(rentals),
        {name: value for name, value in filtered.items() if value},
    )
