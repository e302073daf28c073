"""Search the offers, read the catalogues again, rent."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.pages import undo
from accounts.pages.undo import Undo
from accounts.states import Role
from accounts.views.common import toast, varied
from rentals.forms import RentForm
from rentals.models import Offer, Rental
from rentals.nudges import nudge
from rentals.operations import (
    OverBudget,
    PolicyRefused,
    RentalNotAllowed,
    request_rental,
    set_favourite,
)
from rentals.queries import accounts_in_use, offers_of
from rentals.views.board import AN_ID, live_context, rent_context
from rentals.views.common import back_or_to_the_board
from rentals.views.wishes import keeping

FRESH = timedelta(seconds=30)  # a catalogue that was read this lately is not asked for again
WATCH = timedelta(seconds=20)  # how long the page looks for the result of a refresh


@require_safe
@team_view(Role.MEMBER, Role.ADMIN)
def offer_list(request: TeamRequest) -> HttpResponse:
    """The offers for `q`, the only one chosen; `since` (epoch seconds) awaits a refresh."""
    context = rent_context(request)
    offers = context["found"].offers
    if len(offers) == 1 and context["found"].words and not offers[0].refused:
        context["chosen"] = offers[0].pk
    context["awaited"] = _still_awaited(request)
    return render(request, "rentals/offers_read.html", context)


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def offer_star(request: TeamRequest) -> HttpResponse:
    """Put a star on the offer `star`, or take it off `unstar`; it stands first with one."""
    wanted = "star" in request.POST
    pk = request.POST.get("star" if wanted else "unstar", "")
    offer = offers_of(request.team).filter(pk=pk).first() if AN_ID.fullmatch(pk) else None
    if offer is None:
        raise Http404("There is no such offer.")
    set_favourite(user=request.user, offer=offer, wanted=wanted)
    if wanted:
        return _offers(request) if request.htmx else back_or_to_the_board(request)
    said = _("%(service)s is no favourite any more.") % {"service": offer.name}
    again = {"star": pk, "q": request.POST.get("q", "")}
    offered = Undo(reverse("offer_star", args=[request.team.slug]), "#offers", again)
    if request.htmx:
        return undo.say(_offers(request), request, said, offered)
    undo.say_on_next_page(request, said, offered)
    return back_or_to_the_board(request)


def _offers(request: TeamRequest) -> HttpResponse:
    return varied(render(request, "rentals/offers.html", rent_context(request)))


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def catalogue_refresh(request: TeamRequest) -> HttpResponse:
    """Have the team's catalogues read again, but for those that were read just now."""
    now = timezone.now()
    due = [a for a in accounts_in_use(request.team) if not _is_fresh(a.catalogue_read_at, now)]
    sent = [nudge("rentals.refresh_catalogue", account.pk) for account in due]
    if not due:
        said = _("The catalogues were read less than half a minute ago.")
    elif all(sent):
        said = _("The catalogues are being read again.")
    else:
        said = _("No worker could be told to read them. They are read within minutes anyway.")
    if not request.htmx:
        messages.info(request, said)
        return back_or_to_the_board(request)
    context = rent_context(request)
    context["awaited"] = int(now.timestamp()) if due and all(sent) else None
    response = render(request, "rentals/offers_read.html", context)
    return varied(trigger_client_event(response, "toast", toast(said)))


@require_POST
@keeping
@team_view(Role.MEMBER, Role.ADMIN)
def rental_create(request: TeamRequest) -> HttpResponse:
    """Rent, once for each form that was rendered, however often it is sent."""
    form = RentForm(request.POST, team=request.team)
    rental = _rent(request, form) if form.is_valid() else None
    if rental is None:
        return varied(_shown_again(request, form))
    if not request.htmx:
        messages.success(request, _("A number for %(service)s is on its way.") % _named(rental))
        return redirect("board", team=request.team.slug)
    context = rent_context(request) | live_context(request)
    return varied(render(request, "rentals/rented.html", context))


def _rent(request: TeamRequest, form: RentForm) -> Rental | None:
    wishes = form.cleaned_data
    try:
        return request_rental(membership=request.membership, now=timezone.now(), **wishes)
    except PolicyRefused as refusal:
        form.add_error(None, refusal.lines)
        return None
    except RentalNotAllowed as refusal:
        form.add_error(None, str(refusal))
        form.over = refusal.budget if isinstance(refusal, OverBudget) else None
        return None


def _shown_again(request: TeamRequest, form: RentForm) -> HttpResponse:
    offer = form.cleaned_data.get("offer")
    chosen = offer.pk if isinstance(offer, Offer) else None
    context = rent_context(request, form, chosen=chosen)
    if request.htmx:
        return render(request, "rentals/rent.html", context, status=422)
    return render(request, "rentals/board.html", context | live_context(request), status=422)


def _named(rental: Rental) -> dict[str, str]:
    return {"service": rental.service_name}


def _is_fresh(read_at: datetime | None, now: datetime) -> bool:
    return read_at is not None and now - read_at < FRESH


def _still_awaited(request: TeamRequest) -> int | None:
    """The `since` of a refresh that some catalogue has not followed, and that is not long ago."""
    since = request.GET.get("since", "")
    if not since.isdecimal() or len(since) > 12:
        return None
    if timezone.now().timestamp() - int(since) > WATCH.total_seconds():
        return None
    read = [account.catalogue_read_at for account in accounts_in_use(request.team)]
    behind = any(at is None or at.timestamp() < int(since) for at in read)
    return int(since) if behind else None
