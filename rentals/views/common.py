"""What the views share."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import TeamRequest
from accounts.pages.saved_views import ALL
from accounts.views.common import back
from rentals.models import Rental
from rentals.queries import shown
from rentals.visibility import sees_spend_of, sees_team, visible_rentals

LONGEST_ID: Final = 19  # digits


def visible_or_404(request: TeamRequest, rental: int) -> Rental:
    """A rental that is there for whoever asks; any other is as good as none."""
    found = shown(visible_rentals(request.membership)).filter(pk=rental).first()
    if found is None:
        raise Http404("There is no such rental among those that you may see.")
    return found


def to_own_spend(request: TeamRequest) -> HttpResponse | None:
    """To one's own, where the address asks for what somebody else spent; None where it may."""
    if sees_spend_of(request.membership, request.GET.get("member")):
        return None
    return _without_member(
        request,
        _(
            "What others spend is for finance and admins. "
            "This is your own, by the rest of the filters."
        ),
    )


def to_own_rentals(request: TeamRequest) -> HttpResponse | None:
    """To one's own, where the address asks for somebody else's rentals; None where it may."""
    member = request.GET.get("member", "")
    is_another = member != str(request.user.pk) and member.isdecimal() and len(member) <= LONGEST_ID
    if sees_team(request.membership) or not is_another:
        return None
    return _without_member(
        request,
        _(
            "What others rent is not shared with you. "
            "These are your own rentals, by the rest of the filters."
        ),
    )


def _without_member(request: TeamRequest, said: str) -> HttpResponse:
    """The same page, so that what its links and files are made of is what they may see."""
    messages.warning(request, said)
    rest = request.GET.copy()
    del rest["member"]
    # A bare address may begin with a view.
    return redirect(f"{request.path}?{rest.urlencode() or ALL}")


def back_or_to_the_board(request: TeamRequest) -> HttpResponse:
    """To the page that the form was sent from, else to the board."""
    return back(request, reverse("board", args=[request.team.slug]))
