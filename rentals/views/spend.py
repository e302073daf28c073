"""What rentals cost: one's own; for finance and admins everybody's."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import ProviderAccount, User
from accounts.views.common import varied
from accounts.views.saved_views import begun
from ledger.days import team_day
from ledger.exports.response import download
from rentals.columns import SPEND
from rentals.heads import Head, sort_head
from rentals.spend import reading
from rentals.spend.asked import CUSTOM, GROUPS, NO_PURPOSE, PRESETS, Asked, asked
from rentals.spend.reading import Narrowed
from rentals.spend.sheet import sheet
from rentals.states import SpendOutcome
from rentals.views.common import to_own_spend
from rentals.visibility import may_rent, sees_spend, spender


@require_safe
@team_view()
def spend(request: TeamRequest) -> HttpResponse:
    """Filters, period, grouping, order and page are in the address: see rentals.spend.asked."""
    if view := begun(request, "spend"):
        return view
    wanted = asked_by(request)
    if own := to_own_spend(request):
        return own
    accounts = list(request.team.provider_accounts.order_by("label"))
    seen = reading.choices(Narrowed(request.team.pk, member=spender(request.membership)))
    found = sheet(wanted, request.team, accounts)
    context = {
        "asked": wanted,
        "sheet": found,
        "any": bool(seen.service),
        "columns": _columns(wanted),
        "sees_all": sees_spend(request.membership),
        "may_rent": may_rent(request.membership),
        **_choices(seen, accounts, request),
    }
    part = "rentals/spend/page.html#spend" if request.htmx else "rentals/spend/page.html"
    status = 400 if wanted.problem and not request.htmx else 200
    return varied(render(request, part, context, status=status))


@require_safe
@team_view()
def spend_table_export(request: TeamRequest) -> HttpResponseBase:
    """The page's table as a file, all pages of it."""
    return download(request, "spend")


def asked_by(request: TeamRequest) -> Asked:
    """What the address asks for, of what this person may see."""
    today = team_day(request.team, timezone.now())
    return asked(request.GET, request.team.pk, today=today, member=spender(request.membership))


def _choices(
    seen: reading.Choices, accounts: list[ProviderAccount], request: TeamRequest
) -> dict[str, Any]:
    sees_all = sees_spend(request.membership)
    return {
        "presets": PRESETS.items(),
        "is_custom": CUSTOM,
        "groups": GROUPS.items(),
        "members": User.objects.names(map(int, seen.member)) if sees_all else [],
        "services": sorted(seen.service, key=str.casefold),
        "accounts": accounts,
        "purposes": sorted(filter(None, seen.purpose), key=str.casefold),
        "no_purpose": NO_PURPOSE if "" in seen.purpose else "",
        "outcomes": SpendOutcome.choices,
    }


def _columns(wanted: Asked) -> list[Head]:
    by_time = wanted.group in ("day", "month")
    sort = wanted.sort or ("-name" if by_time else "-rentals")
    titles = {each.key: str(each.title) for each in SPEND} | {"name": str(GROUPS[wanted.group])}
    return [
        sort_head(title, key, sort, down=key != "name", number=key != "name")
        for key, title in titles.items()
    ]
