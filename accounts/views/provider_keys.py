"""An account's secrets are replaced."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from accounts import operations
from accounts.access import TeamRequest, team_view
from accounts.forms import KeyForm
from accounts.models import ProviderAccount
from accounts.operations.errors import NotPossible
from accounts.secrets.keyring import KeyringError
from accounts.states import Role
from accounts.views.provider_accounts import account_page, find_account, to_account


@sensitive_post_parameters("key")
@require_POST
@team_view(Role.ADMIN)
def provider_account_rotate_key(request: TeamRequest, account: int) -> HttpResponse:
    found = find_account(request, account)
    form = KeyForm(request.POST)
    if form.is_valid():
        _rotate(request, found, form)
    if form.errors:
        return account_page(request, found, key_form=form, status=422)
    messages.success(
        request, _("The new key is in use. The old one still verifies webhooks for a day.")
    )
    return to_account(request, found)


@require_POST
@team_view(Role.ADMIN)
def provider_account_rotate_hook(request: TeamRequest, account: int) -> HttpResponse:
    found = find_account(request, account)
    try:
        operations.rotate_hook_token(account=found, actor=request.user)
    except (NotPossible, KeyringError) as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("There is a new webhook address. Enter it in the provider’s dashboard now.")
        )
    return to_account(request, found)


@sensitive_variables()
def _rotate(request: TeamRequest, account: ProviderAccount, form: KeyForm) -> None:
    try:
        operations.rotate_key(
            account=account,
            key=form.cleaned_data["key"],
            actor=request.user,
            now=timezone.now(),
        )
    except (NotPossible, KeyringError) as error:
        form.add_error("key", str(error))
