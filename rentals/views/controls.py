"""One rental's card, and what can be done with it there."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from accounts.views.common import toast, varied
from rentals.cards import card
from rentals.models import Rental
from rentals.operations import NotPossible, cancel_rental, finish_rental, wait_for_more
from rentals.views.common import back_or_to_the_board, visible_or_404
from rentals.visibility import may_control


@require_safe
@team_view()
def rental_card(request: TeamRequest, rental: int) -> HttpResponse:
    """The card alone, for the script to read again."""
    return _card(request, visible_or_404(request, rental))


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def rental_cancel(request: TeamRequest, rental: int) -> HttpResponse:
    return _control(request, rental, cancel_rental)


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def rental_finish(request: TeamRequest, rental: int) -> HttpResponse:
    return _control(request, rental, finish_rental)


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def rental_more(request: TeamRequest, rental: int) -> HttpResponse:
    return _control(request, rental, wait_for_more)


def _control(request: TeamRequest, pk: int, operation: Callable[..., None]) -> HttpResponse:
    """Do it, and show the rental as it is now, with the reason where it could not be done."""
    rental = visible_or_404(request, pk)
    if not may_control(request.membership, rental):
        raise PermissionDenied(_("Only whoever rented it, or an admin, can do this."))
    problem = ""
    try:
        operation(rental=rental, actor=request.user, now=timezone.now())
    except NotPossible as reason:
        problem = str(reason)
    if request.htmx:
        shown = _card(request, visible_or_404(request, pk), status=409 if problem else 200)
        # As a toast: the card is read again with the next news, which may be on its way.
        said = toast(problem, bad=True)
        return varied(trigger_client_event(shown, "toast", said) if problem else shown)
    if problem:
        messages.error(request, problem)
    return back_or_to_the_board(request)


def _card(request: TeamRequest, rental: Rental, status: int = 200) -> HttpResponse:
    context = {"card": card(request.membership, rental, now=timezone.now())}
    return render(request, "rentals/card.html", context, status=status)
