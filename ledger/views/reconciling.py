"""A wallet is reconciled on demand, with its progress shown."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.models import ProviderAccount
from accounts.states import Role
from ledger.models import Reconciliation
from ledger.operations.reconciling import ask
from ledger.views.common import READERS, may_act, varied, wallet_or_404


@require_safe
@team_view(*READERS)
def reconciliation(request: TeamRequest, wallet: int) -> HttpResponse:
    """How the latest goes, for the script to read each second; without it, the wallet's page."""
    account = wallet_or_404(request, wallet)
    if not request.htmx:
        return varied(redirect("wallet_detail", team=request.team.slug, wallet=wallet))
    return varied(_panel(request, account))


@require_POST
@team_view(Role.FINANCE)
def wallet_reconcile(request: TeamRequest, wallet: int) -> HttpResponse:
    """Have it reconciled now; the one that is under way, where there is one."""
    account = wallet_or_404(request, wallet)
    if account.archived_at is None:
        ask(wallet=account, asked_by=request.user, now=timezone.now())
    elif not request.htmx:
        messages.error(request, _("The account is archived: its provider is asked no more."))
    if request.htmx:
        return varied(_panel(request, account))
    return redirect("wallet_detail", team=request.team.slug, wallet=account.pk)


def _panel(request: TeamRequest, account: ProviderAccount) -> HttpResponse:
    latest = Reconciliation.objects.filter(wallet=account).order_by("-asked_at", "-pk").first()
    context: dict[str, Any] = {
        "account": account,
        "run": latest,
        "may_act": may_act(request),
    }
    return render(request, "ledger/reconciliation.html", context)
