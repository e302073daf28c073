"""The queue of what only a person can explain, and what they say about it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.pages import undo
from accounts.pages.parameters import clean
from accounts.pages.undo import Undo
from accounts.states import Role
from accounts.views.common import paged, toast, varied
from accounts.views.saved_views import begun
from ledger.exports.response import download
from ledger.filters import QUEUES, ExceptionFilter
from ledger.forms import NOBODY, AssignForm, ReasonForm, ResolveForm, entered
from ledger.models import ReconciliationException
from ledger.operations.balance.candidates import Offered, offered
from ledger.operations.balance.matches import can_explain, take_back, was_explained
from ledger.operations.errors import NotPossible
from ledger.operations.resolving import (
    assign,
    can_reopen,
    reopen,
    resolve,
    resolved_meanwhile,
    undo_assign,
)
from ledger.operations.statement.candidates import Candidate, candidates
from ledger.queries.exceptions import open_count, shown, tell, totals
from ledger.states import UNRESOLVED, Resolution
from ledger.views.common import READERS, exception_or_404, may_act

PAGE = 25


@require_safe
@team_view(*READERS)
def exception_list(request: TeamRequest) -> HttpResponse:
    """The queue. `show` is open, mine or resolved; the filters and `page` are in the address."""
    if view := begun(request, "exception_list"):
        return view
    narrowed = ExceptionFilter(clean(request.GET), membership=request.membership)
    found = paged(request, shown(narrowed.shown), PAGE)
    own = ReconciliationException.objects.filter(wallet__team=request.team)
    context = {
        "filter": narrowed,
        "queues": QUEUES.items(),
        **found,
        "totals": totals(narrowed.shown),
        "any": bool(found["page"]) or own.exists(),
        "may_act": may_act(request),
    }
    part = "ledger/exceptions.html#results" if request.htmx else "ledger/exceptions.html"
    return varied(render(request, part, context))


@require_safe
@team_view(Role.FINANCE)
def exception_export(request: TeamRequest) -> HttpResponseBase:
    return download(request, "exceptions")


@require_safe
@team_view(*READERS)
def exception_detail(request: TeamRequest, exception: int) -> HttpResponse:
    """One of them. htmx gets it opened where it stands in the list; `closed`, closed again."""
    found = exception_or_404(request, exception)
    if request.htmx and "closed" in request.GET:
        context = {"exception": found, "focus": True}
        return varied(render(request, "ledger/exception_line.html", context))
    return _shown(request, found)


@require_POST
@team_view(Role.FINANCE)
def exception_assign(request: TeamRequest, exception: int) -> HttpResponse:
    found = exception_or_404(request, exception)
    form = AssignForm(request.POST, exception=found, team=request.team)
    if not form.is_valid():
        return refused(request, found, _("Choose somebody of the list."))
    said = _("It is assigned.") if form.person else _("Nobody has it now.")
    if form.is_undo:
        return attempt(
            request,
            found,
            lambda: undo_assign(
                exception=found, to=form.person, instead_of=form.expected, actor=request.user
            ),
            said,
        )
    return attempt(
        request,
        found,
        lambda: assign(exception=found, to=form.person, actor=request.user),
        said,
        _undo_assign(request, found, form),
    )


def _undo_assign(
    request: TeamRequest, exception: ReconciliationException, form: AssignForm
) -> Undo:
    """Back to whoever has it now."""
    given_to = str(form.person.pk) if form.person else NOBODY
    return Undo(
        reverse("exception_assign", args=[request.team.slug, exception.pk]),
        target=f"#exception-{exception.pk}",
        fields={"to": str(exception.assigned_to_id or ""), "instead_of": given_to},
    )


@require_POST
@team_view(Role.FINANCE)
def exception_resolve(request: TeamRequest, exception: int) -> HttpResponse:
    found = exception_or_404(request, exception)
    form = ResolveForm(request.POST, exception=found)
    if not form.is_valid():
        if found.state in UNRESOLVED:
            return _shown(request, found, resolve_form=form, status=422)
        return refused(request, found, str(resolved_meanwhile(found)))
    return attempt(
        request,
        found,
        lambda: resolve(
            exception=found,
            outcome=Resolution(form.cleaned_data["outcome"]),
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        ),
        _("It is resolved."),
    )


@require_POST
@team_view(Role.FINANCE)
def exception_reopen(request: TeamRequest, exception: int) -> HttpResponse:
    """Take a resolution back."""
    found = exception_or_404(request, exception)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return refused(request, found, str(form.errors["reason"][0]))
    take_it_back = take_back if was_explained(found) else reopen
    return attempt(
        request,
        found,
        lambda: take_it_back(
            exception=found,
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        ),
        _("It is open again."),
    )


def attempt(
    request: TeamRequest,
    exception: ReconciliationException,
    operation: Callable[[], object],
    said: str,
    offered: Undo | None = None,
) -> HttpResponse:
    """Do it, and show the exception as it is now, with the reason where it could not be done."""
    try:
        operation()
    except NotPossible as error:
        return refused(request, exception, str(error))
    if request.htmx:
        response = _shown(request, exception_or_404(request, exception.pk), changed=True)
        if offered:
            return undo.say(response, request, said, offered)
        return trigger_client_event(response, "toast", toast(said))
    if offered:
        undo.say_on_next_page(request, said, offered)
    else:
        messages.success(request, said)
    return redirect("exception_detail", team=request.team.slug, exception=exception.pk)


def refused(request: TeamRequest, exception: ReconciliationException, problem: str) -> HttpResponse:
    """Show the exception as it is now, with what stood in the way."""
    fresh = exception_or_404(request, exception.pk)
    return _shown(request, fresh, problem=problem, changed=True, status=422)


def _shown(
    request: TeamRequest,
    exception: ReconciliationException,
    *,
    resolve_form: ResolveForm | None = None,
    problem: str = "",
    changed: bool = False,
    status: int = 200,
) -> HttpResponse:
    told = tell(exception)
    context: dict[str, Any] = {
        "told": told,
        "exception": exception,
        "resolve_form": resolve_form or ResolveForm(exception=exception),
        "assign_form": AssignForm(exception=exception, team=request.team),
        "problem": problem,
        "may_act": may_act(request),
        "can_reopen": can_reopen(exception) or was_explained(exception),
        "can_unmatch": told.match is not None and exception.resolution == Resolution.MATCHED,
        "candidates": _candidates(exception),
        "offered": _offered(request, exception),
        "words": request.GET.get("q", "").strip()[:100],
        "entered_reason": request.POST.get("reason", "")[:500],
        "changed": changed,
        "open": open_count(request.team) if changed else 0,
    }
    part = "ledger/exception_card.html" if request.htmx else "ledger/exception.html"
    return varied(render(request, part, context, status=status))


def _candidates(exception: ReconciliationException) -> list[Candidate]:
    """What its row may be, the likeliest first."""
    if exception.row is None or exception.state not in UNRESOLVED:
        return []
    return candidates(exception.row)


def _offered(request: TeamRequest, exception: ReconciliationException) -> Offered | None:
    """What a change of the balance may have been, with what was ticked and entered so far."""
    if not can_explain(exception) or exception.state not in UNRESOLVED:
        return None
    said = clean(request.POST if request.method == "POST" else request.GET)
    words = clean(request.GET).get("q", "").strip()[:100]
    return offered(exception, words=words, chosen=entered(said), now=timezone.now())
