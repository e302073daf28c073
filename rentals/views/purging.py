"""An admin has what came for a rental removed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from rentals.board.cards import card
from rentals.forms import PurgeForm
from rentals.operations import NotPossible, purge_rental
from rentals.views.common import visible_or_404
from rentals.views.detail import detail_context


@require_POST
@team_view(Role.ADMIN)
def rental_purge(request: TeamRequest, rental: int) -> HttpResponse:
    found = visible_or_404(request, rental)
    now = timezone.now()
    form = PurgeForm(request.POST)
    if form.is_valid():
        try:
            purge_rental(rental=found, actor=request.user, now=now, **form.cleaned_data)
        except NotPossible as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("It is removed. What it cost and when it was stays."))
            return redirect("rental_detail", team=request.team.slug, rental=rental)
    shown = card(request.membership, found, now=now)
    context = detail_context(request, shown, purge=form)
    return render(request, "rentals/detail.html", context, status=422)
