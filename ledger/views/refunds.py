"""What the providers owe, and giving it up."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.pages.parameters import clean
from accounts.pages.places import came_from
from accounts.states import Role
from accounts.views.common import back, paged, toast, varied
from accounts.views.saved_views import begun
from ledger.exports.response import download
from ledger.filters import RefundFilter
from ledger.forms import ReasonForm
from ledger.models import Refund
from ledger.operations.errors import NotPossible
from ledger.operations.writing_off import take_back, write_off
from ledger.queries.listed_refunds import Listed
from ledger.queries.refunds import owed, rows
from ledger.views.common import READERS, may_act, refund_or_404

PAGE = 25


@require_safe
@team_view(*READERS)
def refund_list(request: TeamRequest) -> HttpResponse:
    """The refunds, what is awaited first. The filters and `page` are in the address."""
    if view := begun(request, "refund_list"):
        return view
    now = timezone.now()
    narrowed = RefundFilter(clean(request.GET), membership=request.membership, now=now)
    listed = Listed(narrowed.wanted)
    found = paged(request, listed, PAGE)
    context = {
        "filter": narrowed,
        **found,
        "refunds": [owed(refund, now=now) for refund in rows(found["page"])],
        "listed": listed,
        "totals": listed.totals,
        "any": bool(found["page"]) or Refund.objects.filter(wallet__team=request.team).exists(),
        "may_act": may_act(request),
    }
    part = "ledger/refunds.html#results" if request.htmx else "ledger/refunds.html"
    return varied(render(request, part, context))


@require_safe
@team_view(Role.FINANCE)
def refund_export(request: TeamRequest) -> HttpResponseBase:
    return download(request, "refunds")


@require_POST
@team_view(Role.FINANCE)
def refund_write_off(request: TeamRequest, refund: int) -> HttpResponse:
    """Give it up; htmx gets its line as it is now, and the totals of its list."""
    return _decide(request, refund, write_off, _("The refund is written off."))


@require_POST
@team_view(Role.FINANCE)
def refund_take_back(request: TeamRequest, refund: int) -> HttpResponse:
    """Expect again what was given up."""
    return _decide(request, refund, take_back, _("The refund is expected again."))


def _decide(
    request: TeamRequest, refund: int, operation: Callable[..., None], done: str
) -> HttpResponse:
    found = refund_or_404(request, refund)
    form = ReasonForm(request.POST)
    problem = ""
    if form.is_valid():
        reason, now = form.cleaned_data["reason"], timezone.now()
        try:
            operation(refund=found, reason=reason, actor=request.user, now=now)
        except NotPossible as error:
            problem = str(error)
    else:
        problem = str(form.errors["reason"][0])
    said = problem or done
    if request.htmx:
        return trigger_client_event(
            varied(_line(request, refund)), "toast", toast(said, bad=bool(problem))
        )
    (messages.error if problem else messages.success)(request, said)
    return back(request, reverse("refund_list", args=[request.team.slug]))


def _line(request: TeamRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    query = QueryDict(urlsplit(came_from(request)).query)
    narrowed = RefundFilter(clean(query), membership=request.membership, now=now)
    context = {
        "each": owed(refund_or_404(request, pk), now=now),
        "totals": Listed(narrowed.wanted).totals,
        "may_act": True,
        "oob": True,
    }
    return render(request, "ledger/refund_line.html", context)
