"""A refund and what it rests on."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from rentals.evidence import evidence, refunds_of


@require_safe
@team_view(Role.FINANCE, Role.ADMIN)
def refund_detail(request: TeamRequest, refund: int) -> HttpResponse:
    found = refunds_of(request.membership).filter(pk=refund).first()
    if found is None:
        raise Http404("There is no such refund among your team's.")
    context = {
        "evidence": evidence(request.membership, found, now=timezone.now()),
        "may_act": request.membership.has(Role.FINANCE),
    }
    return render(request, "rentals/evidence.html", context)
