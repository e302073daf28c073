"""A wallet is reconciled on demand, with its progress shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.models import ProviderAccount
from accounts.states import Role
from accounts.views.common import toast, varied
from ledger.models import Book, Reconciliation
from ledger.models.runs import Step
from ledger.operations.reconciling import LEASE, ask
from ledger.views.common import READERS, may_act, wallet_or_404

QUIET: Final = timedelta(seconds=15)  # a page of a statement may well take as long


@dataclass(frozen=True, slots=True)
class Progress:
    """How a wallet's latest run goes, as far as anybody can know.

    `silent_since`: when a worker was last heard of, where that is long ago. `again_at`: when
    another one takes the run up if nothing is heard until then; None where that can be any moment.
    """

    run: Reconciliation | None
    silent_since: datetime | None = None
    again_at: datetime | None = None


def progress(run: Reconciliation | None, *, now: datetime) -> Progress:
    """A worker renews its lease with all that it does, so the lease tells when it did so last."""
    if run is None or run.finished_at is not None or run.step == Step.WAITING:
        return Progress(run)
    book = Book.objects.filter(wallet=run.wallet_id).values_list("reconciling_until", flat=True)
    until = book.first()
    if until is None:
        return Progress(run, silent_since=run.started_at or run.asked_at)
    heard = until - LEASE
    if now - heard < QUIET:
        return Progress(run)
    return Progress(run, silent_since=heard, again_at=until if until > now else None)


@require_safe
@team_view(*READERS)
def reconciliation(request: TeamRequest, wallet: int) -> HttpResponse:
    """How the latest goes, for the script to read each second until it tells how it ended; without
    it, the wallet's page."""
    account = wallet_or_404(request, wallet)
    if not request.htmx:
        return varied(redirect("wallet_detail", team=request.team.slug, wallet=wallet))
    latest = _latest(account)
    return _told(varied(_panel(request, account, latest)), latest)


@require_POST
@team_view(Role.FINANCE)
def wallet_reconcile(request: TeamRequest, wallet: int) -> HttpResponse:
    """Have it reconciled now; the one that is under way, where there is one."""
    account = wallet_or_404(request, wallet)
    if account.archived_at is None:
        ask(wallet=account, asked_by=request.user, now=timezone.now())
    elif not request.htmx:
        messages.error(request, _("The account is archived: its provider is asked no more."))
    if request.htmx:
        return varied(_panel(request, account, _latest(account)))
    return redirect("wallet_detail", team=request.team.slug, wallet=account.pk)


def _told(response: HttpResponse, run: Reconciliation | None) -> HttpResponse:
    if run is None or run.finished_at is None:
        return response
    failed = run.step == Step.FAILED
    said = _("The wallet could not be reconciled.") if failed else _("The wallet is reconciled.")
    return trigger_client_event(response, "toast", toast(said, bad=failed))


def _latest(account: ProviderAccount) -> Reconciliation | None:
    runs = Reconciliation.objects.filter(wallet=account)
    return runs.order_by("-asked_at", "-pk").first()


def _panel(
    request: TeamRequest, account: ProviderAccount, latest: Reconciliation | None
) -> HttpResponse:
    context: dict[str, Any] = {
        "account": account,
        "progress": progress(latest, now=timezone.now()),
        "may_act": may_act(request),
    }
    return render(request, "ledger/reconciliation.html", context)
