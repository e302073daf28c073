"""A deposit is recorded by hand."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from ledger.days import team_day
from ledger.forms import DepositForm
from ledger.operations.deposits import record_deposit
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
