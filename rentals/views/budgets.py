"""Budgets: what is left of them, and where admins set them."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from accounts.views.common import sent
from ledger.days import team_day
from rentals.budgets.sheet import sheet
from rentals.forms import BudgetForm, TermsForm
from rentals.models import Budget
from rentals.operations import NotPossible, add_budget, change_budget, end_budget
from rentals.visibility import may_rent, sees_spend


@require_safe
@team_view()
def budget_list(request: TeamRequest) -> HttpResponse:
    """What counts now, with what is left; for those who see the team's spend, what is over too."""
    today = team_day(request.team, timezone.now())
    return render(
        request,
        "rentals/budgets/list.html",
        {
            "sheet": sheet(request.membership, today),
            "today": today,
            "sets": request.membership.has(Role.ADMIN),
            "own": not sees_spend(request.membership),
            "rents": may_rent(request.membership),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def budget_add(request: TeamRequest) -> HttpResponse:
    now = timezone.now()
    form = BudgetForm(sent(request), team=request.team, today=team_day(request.team, now))
    if form.is_valid():
        try:
            add_budget(
                team=request.team, plan=form.plan, terms=form.terms, actor=request.user, now=now
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            return _done(request, _("The budget counts from the next rent on."))
    return _form(request, "rentals/budgets/add.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def budget_change(request: TeamRequest, budget: int) -> HttpResponse:
    found = budget_or_404(request, budget)
    form = TermsForm.of(found, sent(request))
    if form.is_valid():
        try:
            change_budget(
                budget=found,
                version=form.cleaned_data["version"],
                terms=form.terms,
                actor=request.user,
                now=timezone.now(),
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            return _done(request, _("The budget is changed."))
    return _form(request, "rentals/budgets/change.html", form, budget=found)


@require_POST
@team_view(Role.ADMIN)
def budget_end(request: TeamRequest, budget: int) -> HttpResponse:
    found = budget_or_404(request, budget)
    try:
        end_budget(budget=found, actor=request.user, now=timezone.now())
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("budget_list", team=request.team.slug)
    return _done(request, _("The budget has ended. It stops nobody any more."))


def budget_or_404(request: TeamRequest, pk: int) -> Budget:
    budgets = Budget.objects.filter(team=request.team).select_related("team", "member")
    found = budgets.filter(pk=pk).first()
    if found is None:
        raise Http404("The team has no such budget.")
    return found


def _form(request: TeamRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def _done(request: TeamRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("budget_list", team=request.team.slug)
