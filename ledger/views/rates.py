"""The exchange rates."""

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from accounts.views.common import paged
from ledger.days import team_day
from ledger.exports.response import download
from ledger.forms import CorrectionForm, RateFileForm, RateForm
from ledger.models import ExchangeRate
from ledger.operations.errors import NotPossible
from ledger.operations.rates import WrongLines, correct_rate, enter_rate, import_rates
from ledger.views.common import READERS, may_act

PAGE = 50


@require_safe
@team_view(*READERS)
def rate_list(request: TeamRequest) -> HttpResponse:
    """The rates, the newest day first."""
    return render(request, "ledger/rates.html", _context(request))


@require_safe
@team_view(Role.FINANCE)
def rate_export(request: TeamRequest) -> HttpResponseBase:
    return download(request, "rates")


@require_POST
@team_view(Role.FINANCE)
def rate_create(request: TeamRequest) -> HttpResponse:
    now = timezone.now()
    form = RateForm(request.POST, team=request.team, today=team_day(request.team, now))
    if form.is_valid():
        try:
            enter_rate(team=request.team, wanted=form.wanted, actor=request.user, now=now)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The rate is kept."))
            return redirect("rate_list", team=request.team.slug)
    context = _context(request) | {"form": form}
    return render(request, "ledger/rates.html", context, status=422)


@require_POST
@team_view(Role.FINANCE)
def rate_correct(request: TeamRequest, rate: int) -> HttpResponse:
    """From the line of the rate that is wrong."""
    found = ExchangeRate.objects.filter(team=request.team, pk=rate).select_related("team").first()
    if found is None:
        raise Http404("The team has no such rate.")
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return _uncorrected(request, " ".join(str(each[0]) for each in form.errors.values()))
    try:
        correct_rate(
            rate=found,
            value=form.cleaned_data["rate"],
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        )
    except NotPossible as error:
        return _uncorrected(request, str(error))
    messages.success(request, _("The rate is corrected."))
    return redirect("rate_list", team=request.team.slug)


def _uncorrected(request: TeamRequest, problem: str) -> HttpResponse:
    messages.error(request, problem)
    return render(request, "ledger/rates.html", _context(request), status=422)


@require_POST
@team_view(Role.FINANCE)
def rate_import(request: TeamRequest) -> HttpResponse:
    """All of a file's rates, or none and what is wrong with which line."""
    form = RateFileForm(request.POST, request.FILES)
    problems: list[tuple[int, str]] = []
    if form.is_valid():
        try:
            count = import_rates(
                team=request.team,
                text=form.cleaned_data["file"],
                actor=request.user,
                now=timezone.now(),
            )
        except WrongLines as error:
            form.add_error(None, str(error))
            problems = error.problems
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            said = ngettext("%(count)s rate is kept.", "%(count)s rates are kept.", count)
            messages.success(request, said % {"count": count})
            return redirect("rate_list", team=request.team.slug)
    context = _context(request) | {"file_form": form, "problems": problems[:50]}
    context["more_problems"] = max(0, len(problems) - 50)
    return render(request, "ledger/rates.html", context, status=422)


def _rates(request: TeamRequest) -> Any:
    """Each says whether a correction took its place."""
    rates = ExchangeRate.objects.filter(team=request.team).select_related("entered_by")
    place = {name: OuterRef(name) for name in ("team", "currency", "into", "day")}
    later = ExchangeRate.objects.filter(**place, revision__gt=OuterRef("revision"))
    return rates.annotate(is_corrected=Exists(later)).order_by(
        "-day", "currency", "into", "-revision"
    )


def _context(request: TeamRequest) -> dict[str, Any]:
    return {
        **paged(request, _rates(request), PAGE),
        "form": RateForm(team=request.team, today=team_day(request.team, timezone.now())),
        "file_form": RateFileForm(),
        "may_act": may_act(request),
    }
