"""What the views share."""

from typing import Final

from django.http import Http404

from accounts.access import TeamRequest
from accounts.models import ProviderAccount
from accounts.states import Role
from ledger.models import ReconciliationException, Refund

READERS: Final = (Role.FINANCE, Role.ADMIN)  # admins see all of it, and leave the acting to finance


def may_act(request: TeamRequest) -> bool:
    return request.membership.has(Role.FINANCE)


def wallet_or_404(request: TeamRequest, pk: int) -> ProviderAccount:
    found = request.team.provider_accounts.filter(pk=pk).select_related("team").first()
    if found is None:
        raise Http404("The team has no such wallet.")
    return found


def refund_or_404(request: TeamRequest, pk: int) -> Refund:
    refunds = Refund.objects.filter(wallet__team=request.team)
    found = refunds.select_related("wallet__team", "closed_by").filter(pk=pk).first()
    if found is None:
        raise Http404("The team has no such refund.")
    return found


def exception_or_404(request: TeamRequest, pk: int) -> ReconciliationException:
    rows = ReconciliationException.objects.filter(wallet__team=request.team)
    known = rows.select_related("wallet__team", "row", "assigned_to", "resolved_by")
    found = known.filter(pk=pk).first()
    if found is None:
        raise Http404("The team has no such exception.")
    return found
