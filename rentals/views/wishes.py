"""What somebody chose to rent when their session had ended waits for them to sign in again.

It is kept in the visitor's session, for the person to whom the form was shown and nobody else. The
form's key stays the same: had it been sent before, it still makes no second rental.
"""

from functools import wraps
from typing import Any, Final

from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import Gated, TeamRequest, to_sign_in
from accounts.models import User
from accounts.pages.places import came_from

KEPT: Final = "wishes"  # in the session
FIELDS: Final = ("offer", "area_code", "carrier", "wanted_number", "purpose", "request_key", "q")
LONGEST: Final = 200  # characters of a field
FOR: Final = 3600.0  # seconds

_signer = Signer(salt="rentals.wishes")


def signature(user: User) -> str:
    """What the form says about whom it is shown to."""
    return _signer.sign(str(user.pk))


def keeping(view: Gated) -> Gated:
    """Keep what is sent by somebody who has to sign in first, and lead back to the board."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        _keep(request, str(kwargs["team"]))
        board, here = reverse("board", kwargs={"team": kwargs["team"]}), came_from(request)
        return to_sign_in(request, here if here.partition("?")[0] == board else board)

    return kept


def _keep(request: HttpRequest, team: str) -> None:
    try:
        whose = _signer.unsign(request.POST.get("whose", ""))
    except BadSignature:
        return
    wishes = {name: request.POST.get(name, "")[:LONGEST] for name in FIELDS}
    now = timezone.now().timestamp()
    request.session[KEPT] = {"whose": whose, "team": team, "at": now, "wishes": wishes}


def taken_up(request: TeamRequest) -> dict[str, str] | None:
    """The fields that wait for this person in this team; they do so once."""
    kept = request.session.pop(KEPT, None)
    if kept is None or (kept["whose"], kept["team"]) != (str(request.user.pk), request.team.slug):
        return None
    if timezone.now().timestamp() - kept["at"] > FOR:
        return None
    messages.warning(request, _("Nothing was rented yet. Look it over, and press Rent."))
    wishes: dict[str, str] = kept["wishes"]
    return wishes
