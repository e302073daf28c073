"""One rental's card, and what can be done with it there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.pages import undo
from accounts.pages.undo import UNDO_FOR, Undo
from accounts.states import Role
from accounts.views.common import toast, varied
from rentals.board.cards import card
from rentals.models import Rental
from rentals.operations import (
    NotPossible,
    cancel_rental,
    finish_rental,
    undo_finish,
    wait_for_more,
)
from rentals.views.common import back_or_to_the_board, visible_or_404
from rentals.visibility import may_control


@dataclass(frozen=True, slots=True)
class Done:
    """What was tried with a rental; `problem` says why it could not be done, "" where it was."""

    rental: Rental
    problem: str


@require_safe
@team_view()
def rental_card(request: TeamRequest, rental: int) -> HttpResponse:
    """The card alone, for the script to read again."""
    return _card(request, visible_or_404(request, rental))


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def rental_cancel(request: TeamRequest, rental: int) -> HttpResponse:
    return _answer(request, _do(request, rental, cancel_rental))


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def rental_finish(request: TeamRequest, rental: int) -> HttpResponse:
    """Have it finished in a moment; until then it can be undone."""
    done = _do(request, rental, partial(finish_rental, undo_for=UNDO_FOR))
    if done.problem:
        return _answer(request, done)
    address = reverse("rental_finish_undo", args=[request.team.slug, rental])
    offer = Undo(address, target=f"#rental-{rental}")
    said = _("%(service)s is being finished.") % {"service": done.rental.service_name}
    if request.htmx:
        return undo.say(_answer(request, done), request, said, offer)
    undo.say_on_next_page(request, said, offer)
    return _answer(request, done)


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def rental_finish_undo(request: TeamRequest, rental: int) -> HttpResponse:
    done = _do(request, rental, undo_finish)
    if done.problem:
        return _answer(request, done)
    said = _("Not finished: %(service)s goes on.") % {"service": done.rental.service_name}
    if request.htmx:
        return trigger_client_event(_answer(request, done), "toast", toast(said))
    messages.success(request, said)
    return _answer(request, done)


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def rental_more(request: TeamRequest, rental: int) -> HttpResponse:
    return _answer(request, _do(request, rental, wait_for_more))


def _do(request: TeamRequest, pk: int, operation: Callable[..., None]) -> Done:
    rental = visible_or_404(request, pk)
    if not may_control(request.membership, rental):
        raise PermissionDenied(_("Only whoever rented it, or an admin, can do this."))
    problem = ""
    try:
        operation(rental=rental, actor=request.user, now=timezone.now())
    except NotPossible as reason:
        problem = str(reason)
    return Done(rental, problem)


def _answer(request: TeamRequest, done: Done) -> HttpResponse:
    """The rental as it is now, with the reason where it could not be done."""
    if request.htmx:
        fresh = visible_or_404(request, done.rental.pk)
        shown = varied(_card(request, fresh, status=409 if done.problem else 200))
        # As a toast, after the swap: the card may be read again before or after this answer.
        said = toast(done.problem, bad=True)
        return trigger_client_event(shown, "toast", said, after="swap") if done.problem else shown
    if done.problem:
        messages.error(request, done.problem)
    return back_or_to_the_board(request)


def _card(request: TeamRequest, rental: Rental, status: int = 200) -> HttpResponse:
    context = {"card": card(request.membership, rental, now=timezone.now())}
    return render(request, "rentals/card.html", context, status=status)
