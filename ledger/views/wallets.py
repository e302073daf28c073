"""The wallets, and one wallet's statement."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import ProviderAccount
from accounts.pages.parameters import clean
from accounts.states import Role
from accounts.views.common import varied
from ledger.days import team_day
from ledger.exports.response import download
from ledger.filters import StatementFilter
from ledger.forms import DepositForm
from ledger.models import Transfer
from ledger.operations.deposits import lists_deposits
from ledger.operations.rates import MissingRate, convert
from ledger.queries.months import held
from ledger.queries.statement import Point, balance_at_end, balance_before, statement
from ledger.queries.wallets import Wallet, wallet, wallets
from ledger.views.common import READERS, may_act, wallet_or_404
from ledger.views.reconciling import progress


@require_safe
@team_view(*READERS)
def wallet_list(request: TeamRequest) -> HttpResponse:
    """Every wallet, and what they hold together where there are rates for it."""
    found = wallets(request.team, now=timezone.now())
    context = {"wallets": found, **_total(request, found), "may_act": may_act(request)}
    return render(request, "ledger/wallets.html", context)


@require_safe
@team_view(Role.FINANCE)
def wallet_export(request: TeamRequest) -> HttpResponseBase:
    return download(request, "wallets")


@require_safe
@team_view(*READERS)
def wallet_detail(request: TeamRequest, wallet: int) -> HttpResponse:
    """The statement. `before` and `after` are places in it, as its links give them."""
    account = wallet_or_404(request, wallet)
    part = "ledger/wallet.html#results" if request.htmx else "ledger/wallet.html"
    return varied(render(request, part, wallet_context(request, account)))


@require_safe
@team_view(Role.FINANCE)
def statement_export(request: TeamRequest, wallet: int) -> HttpResponseBase:
    return download(request, "statement", about=wallet_or_404(request, wallet).pk)


def wallet_context(request: TeamRequest, account: ProviderAccount) -> dict[str, Any]:
    query = clean(request.GET)
    narrowed = StatementFilter(query)
    wanted = narrowed.wanted
    page = statement(
        account,
        wanted,
        before=Point.read(query.get("before", "")),
        after=Point.read(query.get("after", "")),
    )
    now = timezone.now()
    found = wallet(account, now=now)
    return {
        "wallet": found,
        "progress": progress(found.reconciliation, now=now),
        "account": account,
        "today": team_day(request.team, now),
        "filter": narrowed,
        "wanted": wanted,
        "page": page,
        "opening": balance_before(account, wanted.since) if wanted.since else None,
        "closing": balance_at_end(account, wanted.until) if wanted.until else None,
        "holds": _holds(account),
        "any": bool(page.lines) or account.transfers.exists(),
        "may_act": may_act(request),
        "deposit_form": _deposit_form(request, account),
    }


def _deposit_form(request: TeamRequest, account: ProviderAccount) -> DepositForm | None:
    if not may_act(request) or account.archived_at is not None or lists_deposits(account):
        return None
    return DepositForm(today=team_day(request.team, timezone.now()))


def _holds(account: ProviderAccount) -> list[Transfer]:
    """The newest of what is set aside for rentals without an outcome."""
    newest = held(account.transfers.all()).order_by("-pk").values_list("pk", flat=True)[:20]
    return list(Transfer.objects.filter(pk__in=list(newest)).order_by("-pk"))


def _total(request: TeamRequest, found: list[Wallet]) -> dict[str, Any]:
    amounts: dict[str, Decimal] = {}
    for each in found:
        if each.posted is not None:
            code = each.account.currency
            amounts[code] = amounts.get(code, Decimal(0)) + each.posted
    try:
        today = team_day(request.team, timezone.now())
        return {"total": convert(request.team, amounts, day=today) if amounts else None}
    except MissingRate as missing:
        return {"missing": missing}
