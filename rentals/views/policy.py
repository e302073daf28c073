"""What the team lets its members rent: for all to read, for admins to set."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from accounts.views.common import sent
from rentals.models import Policy
from rentals.operations import NotPossible, change_policy
from rentals.policy import BadTerms
from rentals.policy.form import PolicyForm


@require_safe
@team_view()
def policy(request: TeamRequest) -> HttpResponse:
    context = {"policy": Policy.of(request.team.pk), "admins": request.team.admins()}
    return render(request, "rentals/policy.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def policy_change(request: TeamRequest) -> HttpResponse:
    form = PolicyForm.of(request.team, sent(request))
    if form.is_valid() and _changed(request, form):
        messages.success(request, _("The policy is kept."))
        return redirect("policy", team=request.team.slug)
    status = 422 if form.errors else 200
    return render(request, "rentals/policy_change.html", {"form": form}, status=status)


def _changed(request: TeamRequest, form: PolicyForm) -> bool:
    try:
        change_policy(
            team=request.team,
            version=form.cleaned_data["version"],
            terms=form.terms,
            settings=form.settings,
            actor=request.user,
            now=timezone.now(),
        )
    except BadTerms as refused:
        form.refuse(refused)
        return False
    except NotPossible as error:
        form.add_error(None, str(error))
        return False
    return True
