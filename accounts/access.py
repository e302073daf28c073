"""The one gate to a team's pages: who may see that a team is there, and who may do what in it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Membership, Team, User
from accounts.pages.places import came_from
from accounts.pages.zones import activate_zone
from accounts.states import Role

LAST_TEAM = "team"  # in the session: the slug of the team that was looked at last


class TeamRequest(HttpRequest):
    """A request of somebody who is in the team."""

    team: Team
    membership: Membership
    user: User
    htmx: HtmxDetails


type Gated = Callable[..., HttpResponseBase]


def team_view[**P](
    *roles: Role,
) -> Callable[[Callable[Concatenate[TeamRequest, P], HttpResponseBase]], Gated]:
    """Let in the members of the team that the address names: all, or those with one of `roles`.

    Anonymous people are sent to sign in, strangers see no such team (404), and members without
    the role are told so (403). The view gets a TeamRequest and no `team` argument.
    """

    def decorate(view: Callable[Concatenate[TeamRequest, P], HttpResponseBase]) -> Gated:
        @wraps(view)
        def gate(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            slug = str(kwargs.pop("team"))
            if not request.user.is_authenticated:
                return to_sign_in(request)
            admitted = _admit(request, slug)
            if roles and not admitted.membership.has(*roles):
                return _not_allowed(admitted, roles)
            response = view(admitted, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return gate

    return decorate


def _admit(request: HttpRequest, slug: str) -> TeamRequest:
    admitted = cast("TeamRequest", request)
    own = Membership.objects.filter(user=admitted.user)
    membership = own.select_related("team").filter(team__slug=slug).first()
    if membership is None:
        raise Http404("There is no such team among yours.")
    admitted.team, admitted.membership = membership.team, membership
    if request.session.get(LAST_TEAM) != slug:
        request.session[LAST_TEAM] = slug
    activate_zone(admitted.user.time_zone, membership.team.time_zone)
    return admitted


def to_sign_in(request: HttpRequest, place: str = "") -> HttpResponse:
    """Sign in first, and come back: to `place`, else to the page that was asked for, or that the
    request was sent from. What was sent is not done, which is said."""
    if request.method not in ("GET", "HEAD"):
        messages.warning(request, _("You had been signed out, so nothing was done. Sign in again."))
    to_login = redirect_to_login(place or _place(request))
    # A status of success, so that htmx follows it instead of swapping a page into a list.
    return HttpResponseClientRedirect(to_login.url) if getattr(request, "htmx", None) else to_login


def _place(request: HttpRequest) -> str:
    """A part of a page is no place: its page is, as it was about to be."""
    here = came_from(request)
    if request.method not in ("GET", "HEAD"):
        return here or reverse("home")
    is_part = getattr(request, "htmx", None) and urlsplit(here).path != request.path
    return (here or reverse("home")) if is_part else request.get_full_path()


def _not_allowed(request: TeamRequest, roles: tuple[Role, ...]) -> HttpResponse:
    context = {"needed": [role.label for role in roles], "admins": request.team.admins()}
    response = render(request, "accounts/not_allowed.html", context, status=403)
    add_never_cache_headers(response)
    return response
