"""A deposit is recorded by hand, and taken back where it was none."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_view
from accounts.models import ProviderAccount
from accounts.states import Role
from ledger.days import team_day
from ledger.forms import DepositForm, ReasonForm
from ledger.models import Transfer
from ledger.operations.deposits import record_deposit, take_back_deposit
from ledger.operations.errors import NotPossible
from ledger.views.common import wallet_or_404
from ledger.views.wallets import wallet_context


@require_POST
@team_view(Role.FINANCE)
def deposit_create(request: TeamRequest, wallet: int) -> HttpResponse:
    account = wallet_or_404(request, wallet)
    now = timezone.now()
    form = DepositForm(request.POST, today=team_day(request.team, now))
    if form.is_valid():
        try:
            record_deposit(wallet=account, actor=request.user, now=now, **form.cleaned_data)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The deposit is booked."))
            return redirect("wallet_detail", team=request.team.slug, wallet=account.pk)
    context = wallet_context(request, account) | {"deposit_form": form}
    return render(request, "ledger/wallet.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.FINANCE)
def deposit_take_back(request: TeamRequest, wallet: int, deposit: int) -> HttpResponse:
    """Ask whether, and why; then book the opposite of it."""
    account = wallet_or_404(request, wallet)
    found = _by_hand_or_404(account, deposit)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            take_back_deposit(
                deposit=found,
                actor=request.user,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The deposit is taken back."))
            return redirect("wallet_detail", team=request.team.slug, wallet=account.pk)
    context = {"account": account, "deposit": found, "form": form}
    status = 422 if form.errors else 200
    return render(request, "ledger/deposit_take_back.html", context, status=status)


def _by_hand_or_404(account: ProviderAccount, pk: int) -> Transfer:
    found = account.transfers.filter(pk=pk).select_related("wallet__team", "actor").first()
    if found is None or not found.is_deposit_by_hand:
        raise Http404("The wallet has no such deposit.")
    return found
