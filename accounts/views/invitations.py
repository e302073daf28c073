"""What somebody sees who follows an invitation's link."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import NewUserForm
from accounts.models import Invitation, Membership, User
from accounts.operations import accept_as_new_user, accept_invitation
from accounts.operations.errors import InvitationGone, NotPossible, PasswordTooWeak
from accounts.operations.invitations import find_invitation, invited_user
from accounts.states import Role
from accounts.verified import sign_in
from accounts.views.common import sent


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever is invited joins: signed in, or as a new user with a password."""
    try:
        found = find_invitation(token=token, now=timezone.now())
    except InvitationGone as error:
        return render(request, "accounts/invitation_gone.html", {"why": error}, status=410)
    if request.user.is_authenticated:
        return _as_user(request, found, token)
    if invited_user(found) is not None:
        return _to_sign_in(request, found)
    return _as_new_user(request, found, token)


def _as_user(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    user = cast("User", request.user)
    if request.method == "POST":
        try:
            membership = accept_invitation(token=token, user=user, now=timezone.now())
        except NotPossible as error:
            messages.error(request, str(error))
        else:
            return _welcome(request, membership)
    is_theirs = user.email.lower() == found.email
    return _page(request, found, is_theirs=is_theirs)


def _as_new_user(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    form = NewUserForm(sent(request))
    if request.method != "POST":
        return _page(request, found, form=form)
    if form.is_valid():
        try:
            membership = accept_as_new_user(token=token, **form.cleaned_data, now=timezone.now())
        except PasswordTooWeak as error:
            form.add_error("password", str(error))
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            sign_in(request, membership.user)
            return _welcome(request, membership)
    return _page(request, found, form=form, status=422)


def _to_sign_in(request: HttpRequest, found: Invitation) -> HttpResponse:
    """The page leads to signing in and back here. A form sent nonetheless changes nothing."""
    return _page(request, found, must_sign_in=True)


def _page(
    request: HttpRequest, found: Invitation, *, status: int = 200, **context: Any
) -> HttpResponse:
    roles = [Role(role).label for role in found.roles]
    context |= {"invitation": found, "roles": roles, "here": request.path}
    return render(request, "accounts/invitation.html", context, status=status)


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    messages.success(request, _("Welcome to %(team)s.") % {"team": membership.team})
    return redirect("board", team=membership.team.slug)
