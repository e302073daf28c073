"""Finance says how a doubt ended."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from rentals.board.cards import card
from rentals.forms import DecideForm
from rentals.models import Rental
from rentals.operations import NotPossible, decide_doubt
from rentals.views.common import visible_or_404
from rentals.views.detail import detail_context


@require_POST
@team_view(Role.FINANCE)
def doubt_decide(request: TeamRequest, rental: int) -> HttpResponse:
    """Decide, and show the rental as it is then; where it can't be decided, why."""
    found = visible_or_404(request, rental)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _again(request, found, form, 422)
    try:
        decide_doubt(rental=found, actor=request.user, now=timezone.now(), **form.cleaned_data)
    except NotPossible as reason:
        form.add_error(None, str(reason))
        return _again(request, visible_or_404(request, rental), form, 409)
    messages.success(request, _("Decided. It is kept with your name in the audit log."))
    return redirect("rental_detail", team=request.team.slug, rental=rental)


def _again(request: TeamRequest, rental: Rental, form: DecideForm, status: int) -> HttpResponse:
    shown = card(request.membership, rental, now=timezone.now())
    context = detail_context(request, shown, decide=form)
    return render(request, "rentals/detail.html", context, status=status)
