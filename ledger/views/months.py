"""The wallets month by month, and closing one."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import ProviderAccount
from accounts.states import Role
from accounts.views.common import paged
from ledger.amounts import unit
from ledger.days import team_day, team_zone
from ledger.exports.response import download
from ledger.forms import CloseForm
from ledger.models import Transfer
from ledger.operations.errors import NotPossible
from ledger.operations.months import close_month
from ledger.operations.rates import MissingRate, report_spend
from ledger.queries.months import (
    Month,
    following,
    mark_of,
    month,
    months_of,
    open_counts,
    open_items,
)
from ledger.states import TransferKind
from ledger.views.common import READERS, may_act, wallet_or_404

PAGE = 12
IN_COLUMNS = (TransferKind.DEPOSIT, TransferKind.PURCHASE, TransferKind.REFUND)


@dataclass(frozen=True, slots=True)
class Row:
    """A wallet's month in the list. `turn`: it is over, and all before it are closed."""

    wallet: ProviderAccount
    month: Month
    open: int
    is_over: bool
    turn: bool

    @property
    def deposits(self) -> Any:
        return self.month.movements.get(TransferKind.DEPOSIT)

    @property
    def rentals(self) -> Any:
        return self.month.movements.get(TransferKind.PURCHASE)

    @property
    def refunds(self) -> Any:
        return self.month.movements.get(TransferKind.REFUND)

    @property
    def others(self) -> Any:
        """All other movements together; None where there was none."""
        rest = [v for kind, v in self.month.movements.items() if kind not in IN_COLUMNS]
        return sum(rest[1:], rest[0]) if rest else None


@require_safe
@team_view(*READERS)
def month_list(request: TeamRequest) -> HttpResponse:
    """Every wallet's months, the newest first, a year a page."""
    months = paged(request, list(_by_month(request).items()), PAGE)
    context = {**months, "may_act": may_act(request)}
    return render(request, "ledger/months.html", context)


@require_safe
@team_view(Role.FINANCE)
def month_export(request: TeamRequest) -> HttpResponseBase:
    return download(request, "months")


@require_safe
@team_view(*READERS)
def month_detail(request: TeamRequest, wallet: int, first: date) -> HttpResponse:
    """One month of a wallet: its totals, and what is open at its end."""
    account = wallet_or_404(request, wallet)
    return render(request, "ledger/month.html", _context(request, account, first))


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.FINANCE)
def month_close(request: TeamRequest, wallet: int, first: date) -> HttpResponse:
    """Close it. Looking at this address shows the month."""
    account = wallet_or_404(request, wallet)
    there = redirect("month_detail", team=request.team.slug, wallet=account.pk, first=first)
    if request.method != "POST":
        return there
    mark = mark_of(open_items(account, first))
    form = CloseForm(request.POST, team=request.team, open_mark=mark)
    if form.is_valid():
        said = form.cleaned_data
        try:
            close_month(
                wallet=account,
                first=first,
                actor=request.user,
                now=timezone.now(),
                knows=form.known,
                follows_up=form.person,
                note=said["note"],
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The month is closed."))
            return there
    context = _context(request, account, first) | {"form": form}
    return render(request, "ledger/month.html", context, status=422)


def _context(request: TeamRequest, account: ProviderAccount, first: date) -> dict[str, Any]:
    now = timezone.now()
    found = month(account, first, now=now)
    if found is None:
        raise Http404("The wallet has no such month.")
    left = [] if found.closed else open_items(account, first)
    known = _left_open(found)
    figures = (found.opening, found.closing, *found.movements.values())
    return {
        "account": account,
        "month": found,
        "last": following(first),
        "left": left,
        "is_over": following(first) <= team_day(request.team, now),
        "movements": [(k, found.movements[k]) for k in TransferKind if k in found.movements],
        "unit": unit(account.currency, figures),
        "known": known,
        "left_unit": unit(
            account.currency,
            [*(each["amount"] for each in known), *(each.amount for each in left)],
        ),
        "form": CloseForm(team=request.team, open_mark=mark_of(left)),
        "may_act": may_act(request),
        **_spend(request, account, found, now),
    }


def _left_open(found: Month) -> list[dict[str, Any]]:
    """What was open when it was closed, with its amounts as figures again."""
    listed = found.closed.left_open if found.closed else []
    return [{**each, "amount": Decimal(each["amount"])} for each in listed]


def _spend(
    request: TeamRequest, account: ProviderAccount, found: Month, now: datetime
) -> dict[str, Any]:
    """What the month's rentals cost in the reporting currency, or why nobody can say."""
    if found.closed:
        frozen = found.closed.totals.get("reporting")
        return {"frozen_spend": frozen and {**frozen, "spend": Decimal(frozen["spend"])}}
    lines = Transfer.objects.filter(
        wallet=account, booked_on__gte=found.first, booked_on__lt=following(found.first)
    )
    try:
        return {"spend": report_spend(team=request.team, lines=lines, now=now)}
    except MissingRate as missing:
        return {"missing": missing}


def _by_month(request: TeamRequest) -> dict[date, list[Row]]:
    now = timezone.now()
    accounts = list(request.team.provider_accounts.select_related("team").order_by("label"))
    today = team_day(request.team, now)
    all_months = months_of(accounts, now=now)
    counts = open_counts(accounts, team_zone(request.team))
    found: dict[date, list[Row]] = {}
    for account in accounts:
        turn = True
        for each in all_months[account.pk]:
            over = following(each.first) <= today
            is_next = turn and over and each.closed is None
            turn = turn and each.closed is not None
            row = Row(account, each, counts.get((account.pk, each.first), 0), over, is_next)
            found.setdefault(each.first, []).append(row)
    return dict(sorted(found.items(), reverse=True))
