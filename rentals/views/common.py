"""What the views share."""

from django.http import Http404, HttpResponse
from django.urls import reverse

from accounts.access import TeamRequest
from accounts.views.common import back
from rentals.models import Rental
from rentals.queries import shown
from rentals.visibility import visible_rentals


def visible_or_404(request: TeamRequest, rental: int) -> Rental:
    """A rental that is there for whoever asks; any other is as good as none."""
    found = shown(visible_rentals(request.membership)).filter(pk=rental).first()
    if found is None:
        raise Http404("There is no such rental among those that you may see.")
    return found


def back_or_to_the_board(request: TeamRequest) -> HttpResponse:
    """To the page that the form was sent from, else to the board."""
    return back(request, reverse("board", args=[request.team.slug]))
