"""A person says which booking or claim a statement's row is, or takes that back."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.pages.parameters import clean
from accounts.states import Role
from ledger.forms import MatchForm, PartsForm, ReasonForm
from ledger.models import Match, ReconciliationException, Refund, Transfer
from ledger.operations.balance.matches import can_explain, explain
from ledger.operations.statement.matches import undo
from ledger.operations.statement.together import match_together
from ledger.states import UNRESOLVED
from ledger.views.common import exception_or_404
from ledger.views.exceptions import attempt, refused


@require_POST
@team_view(Role.FINANCE)
def exception_match(request: TeamRequest, exception: int) -> HttpResponse:
    """Match its row, and the rows of those that are ticked beside it, to what is chosen.

    A change of the balance has no row: it is divided among what is ticked.
    """
    found = exception_or_404(request, exception)
    if can_explain(found):
        return _explain(request, found)
    form = MatchForm(request.POST)
    if not form.is_valid():
        return refused(request, found, _said(form))
    transfer, refund = _chosen(found, form)
    return attempt(
        request,
        found,
        lambda: match_together(
            exceptions=[found, *_ticked(request, found)],
            transfer=transfer,
            refund=refund,
            actor=request.user,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        _("It is matched."),
    )


@require_POST
@team_view(Role.FINANCE)
def exception_unmatch(request: TeamRequest, exception: int) -> HttpResponse:
    """Take the match of its row back: the row stands in the queue again, as a new exception."""
    found = exception_or_404(request, exception)
    form = ReasonForm(request.POST)
    live = Match.objects.select_related("row__wallet__team", "transfer")
    match = live.filter(row=found.row_id, undone_at__isnull=True).first()
    if found.row_id is None or match is None:
        return refused(request, found, _("It is matched to nothing."))
    if not form.is_valid():
        return refused(request, found, str(form.errors["reason"][0]))
    reason = form.cleaned_data["reason"]
    return attempt(
        request,
        found,
        lambda: undo(match=match, actor=request.user, reason=reason, now=timezone.now()),
        _("The match is taken back: the row is in the queue again."),
    )


def _explain(request: TeamRequest, exception: ReconciliationException) -> HttpResponse:
    form = PartsForm(clean(request.POST))
    if not form.is_valid():
        return refused(request, exception, _said(form))
    return attempt(
        request,
        exception,
        lambda: explain(
            exception=exception,
            parts=form.cleaned_data["parts"],
            reason=form.cleaned_data["reason"],
            actor=request.user,
            now=timezone.now(),
        ),
        _("It is matched."),
    )


def _said(form: MatchForm | PartsForm) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def _chosen(
    exception: ReconciliationException, form: MatchForm
) -> tuple[Transfer | None, Refund | None]:
    """What is chosen, of the same wallet: anything else is nothing."""
    what, pk = form.cleaned_data["claim"]
    if what == "refund":
        return None, Refund.objects.filter(wallet=exception.wallet_id, pk=pk).first()
    return Transfer.objects.filter(wallet=exception.wallet_id, pk=pk).first(), None


def _ticked(
    request: TeamRequest, exception: ReconciliationException
) -> Sequence[ReconciliationException]:
    pks = [int(pk) for pk in request.POST.getlist("also") if _is_id(pk)][:50]
    same = ReconciliationException.objects.filter(
        wallet=exception.wallet_id, pk__in=pks, state__in=UNRESOLVED, row__isnull=False
    )
    return list(same.exclude(pk=exception.pk).select_related("row__wallet__team", "wallet"))


def _is_id(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 19
