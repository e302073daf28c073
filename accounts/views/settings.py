"""What a team's admins decide for it, and what people decide for themselves."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import operations
from accounts.access import TeamRequest, team_view
from accounts.forms import ProfileForm, SignalsForm, TeamSettingsForm
from accounts.models import User
from accounts.operations.errors import NotPossible
from accounts.pages.languages import asked_language
from accounts.states import Role
from accounts.views.common import sent


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def team_settings(request: TeamRequest) -> HttpResponse:
    form = TeamSettingsForm(sent(request), initial=model_to_dict(request.team))
    if form.is_valid():
        try:
            operations.change_settings(
                team=request.team, **form.cleaned_data, actor=request.user, now=timezone.now()
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The team’s settings are kept."))
            return redirect("team_settings", team=request.team.slug)
    status = 422 if form.errors else 200
    return render(request, "accounts/team_settings.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = ProfileForm(sent(request), initial=model_to_dict(user))
    if form.is_valid():
        try:
            operations.change_profile(user=user, **form.cleaned_data)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            user.language = form.cleaned_data["language"]
            with translation.override(asked_language(request)):
                messages.success(request, _("Your profile is kept."))
            return redirect("profile")
    return _profile(request, form, SignalsForm(initial=model_to_dict(user)))


@require_POST
@login_required
def profile_signals(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = SignalsForm(request.POST)
    if form.is_valid():
        operations.change_signals(user=user, **form.cleaned_data)
        messages.success(request, _("How you are told of a code is kept."))
        return redirect("profile")
    return _profile(request, ProfileForm(initial=model_to_dict(user)), form)


def _profile(request: HttpRequest, form: ProfileForm, signals: SignalsForm) -> HttpResponse:
    status = 422 if form.errors or signals.errors else 200
    context = {"form": form, "signals": signals}
    return render(request, "accounts/profile.html", context, status=status)
