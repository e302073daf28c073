"""What the views share."""

from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.access import TeamRequest
from accounts.models import ProviderAccount
from accounts.states import Role
from ledger.filters import clean as clean
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


def back(request: TeamRequest, otherwise: str) -> HttpResponse:
    """To the page that the form was sent from, else to `otherwise`."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure())
    return redirect(came_from if ours else otherwise)


def varied(response: HttpResponse) -> HttpResponse:
    """The address answers htmx with a part of the page: no cache may mix the two up."""
    patch_vary_headers(response, ("HX-Request",))
    return response


def toast(text: object, *, bad: bool = False) -> dict[str, Any]:
    """The parameters of the event with which a page shows a toast."""
    return {"text": str(text), "bad": bad}
