"""Who is in the team, and who is invited."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import operations, queries
from accounts.access import TeamRequest, team_view
from accounts.forms import InvitationForm, RolesForm
from accounts.models import Invitation, Membership
from accounts.operations.errors import InvitationGone, NotPossible
from accounts.operations.invitations import find_invitation, open_invitations
from accounts.states import Role

MADE = "invitation"  # a cookie
SHOWN_WITHIN = 60  # seconds


@require_safe
@team_view(Role.ADMIN)
def people(request: TeamRequest) -> HttpResponse:
    """The page; right after an invitation with its link, once."""
    token = request.get_signed_cookie(MADE, default="", max_age=SHOWN_WITHIN) or ""
    response = _page(request, InvitationForm(), made=_made(token))
    if token:
        response.delete_cookie(MADE, path=request.path)
    return response


@require_POST
@team_view(Role.ADMIN)
def invitation_create(request: TeamRequest) -> HttpResponse:
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        _, token = operations.invite(
            team=request.team, **form.cleaned_data, actor=request.user, now=timezone.now()
        )
    except NotPossible as error:
        form.add_error("email", str(error))
        return _page(request, form, status=422)
    response = redirect("people", team=request.team.slug)
    # The token is kept nowhere else: it travels to the next page in the admin's own browser.
    response.set_signed_cookie(
        MADE,
        token,
        max_age=SHOWN_WITHIN,
        path=response.url,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return response


@require_POST
@team_view(Role.ADMIN)
def invitation_revoke(request: TeamRequest, invitation: int) -> HttpResponse:
    found = get_object_or_404(Invitation, pk=invitation, team=request.team)
    try:
        operations.revoke_invitation(invitation=found, actor=request.user, now=timezone.now())
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The invitation’s link no longer works."))
    return redirect("people", team=request.team.slug)


@require_POST
@team_view(Role.ADMIN)
def membership_update(request: TeamRequest, membership: int) -> HttpResponse:
    found = _member(request, membership)
    form = RolesForm(request.POST)
    try:
        roles = form.cleaned_data["roles"] if form.is_valid() else []
        operations.change_roles(membership=found, roles=roles, actor=request.user)
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s has new roles.") % {"name": found.user})
    return redirect("people", team=request.team.slug)


@require_POST
@team_view(Role.ADMIN)
def membership_remove(request: TeamRequest, membership: int) -> HttpResponse:
    found = _member(request, membership)
    try:
        operations.remove_member(membership=found, actor=request.user)
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("people", team=request.team.slug)
    messages.success(
        request,
        _("%(name)s is no longer in %(team)s.") % {"name": found.user, "team": request.team},
    )
    if found.user_id == request.user.pk:
        return redirect("home")
    return redirect("people", team=request.team.slug)


def _member(request: TeamRequest, membership: int) -> Membership:
    return get_object_or_404(
        Membership.objects.select_related("user", "team"), pk=membership, team=request.team
    )


def _made(token: str) -> dict[str, Any] | None:
    if not token:
        return None
    try:
        invitation = find_invitation(token=token, now=timezone.now())
    except InvitationGone:
        return None
    link = settings.PUBLIC_URL + reverse("invitation", args=[token])
    return {"invitation": invitation, "link": link}


def _page(
    request: TeamRequest,
    form: InvitationForm,
    *,
    made: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "members": [(member, RolesForm.of(member)) for member in queries.people(request.team)],
        "invitations": open_invitations(team=request.team, now=timezone.now()),
        "form": form,
        "made": made,
    }
    return render(request, "accounts/people.html", context, status=status)
