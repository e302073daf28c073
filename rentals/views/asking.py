"""Ask for more than a budget has, and decide what was asked for."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from accounts.views.common import sent
from ledger.days import team_day
from rentals.budgets import answers
from rentals.budgets.sheet import Asked, own_standing
from rentals.forms import AskForm, DecisionForm
from rentals.models import BudgetRequest
from rentals.operations import (
    NotPossible,
    approve_request,
    ask_for_more,
    decline_request,
    withdraw_request,
)
from rentals.views.budgets import budget_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.MEMBER, Role.ADMIN)
def budget_ask(request: TeamRequest, budget: int) -> HttpResponse:
    """A form for one of the budgets that count for whoever asks; of any other there is none."""
    now = timezone.now()
    standing = own_standing(request.membership, budget_or_404(request, budget), now)
    if standing is None:
        raise Http404("This budget does not count for you.")
    form = AskForm(sent(request))
    if form.is_valid():
        try:
            ask_for_more(
                membership=request.membership,
                budget=standing.budget,
                **form.cleaned_data,
                now=now,
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The admins are asked. You see here what they decide."))
            return redirect("budget_list", team=request.team.slug)
    context = {"form": form, "each": standing}
    status = 422 if form.errors else 200
    return render(request, "rentals/budgets/ask.html", context, status=status)


@require_POST
@team_view(Role.MEMBER, Role.ADMIN)
def request_withdraw(request: TeamRequest, asked: int) -> HttpResponse:
    found = _request_or_404(request, asked)
    if found.asked_by_id != request.user.pk:
        raise Http404("You have no such request.")
    try:
        withdraw_request(request=found, actor=request.user, now=timezone.now())
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your request is withdrawn."))
    return redirect("budget_list", team=request.team.slug)


@require_POST
@team_view(Role.ADMIN)
def request_decide(request: TeamRequest, asked: int) -> HttpResponse:
    """From the queue on the page."""
    found, form = _request_or_404(request, asked), DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one: approve or decline."))
    elif problem := _decided(request, found, form):
        messages.error(request, problem)
    return redirect("budget_list", team=request.team.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def budget_answer(request: TeamRequest, token: str) -> HttpResponse:
    """From the link of an e-mail. To look at it changes nothing."""
    pk = answers.request_id(token)
    if pk is None:
        return render(request, "rentals/budgets/answer_gone.html", status=410)
    found = _request_or_404(request, pk)
    (asked,) = Asked.all_of([found], team_day(request.team, timezone.now()))
    if not asked.is_open:
        return render(request, "rentals/budgets/answer_gone.html", {"asked": asked}, status=410)
    form = DecisionForm(sent(request))
    if form.is_valid():
        problem = _decided(request, found, form)
        if problem is None:
            return redirect("budget_list", team=request.team.slug)
        form.add_error(None, problem)
    context = {"form": form, "asked": asked}
    status = 422 if form.errors else 200
    return render(request, "rentals/budgets/answer.html", context, status=status)


def _decided(request: TeamRequest, asked: BudgetRequest, form: DecisionForm) -> str | None:
    """Approve or decline; why not, where that can't be done."""
    approves = form.cleaned_data["decision"] == DecisionForm.APPROVE
    decide = approve_request if approves else decline_request
    note = form.cleaned_data["note"]
    try:
        decide(request=asked, actor=request.user, note=note, now=timezone.now())
    except NotPossible as error:
        return str(error)
    told = {"who": asked.asked_by}
    messages.success(
        request,
        _("%(who)s has more from now on.") % told
        if approves
        else _("The request of %(who)s is declined.") % told,
    )
    return None


def _request_or_404(request: TeamRequest, pk: int) -> BudgetRequest:
    requests = BudgetRequest.objects.filter(budget__team=request.team)
    known = requests.select_related("budget__team", "budget__member", "asked_by", "decided_by")
    found = known.filter(pk=pk).first()
    if found is None:
        raise Http404("The team has no such request.")
    return found
