"""The team's accounts at the providers: list, add, and one account's page."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import operations
from accounts.access import TeamRequest, team_view
from accounts.forms import KeyForm, LabelForm, ProviderAccountForm
from accounts.models import ProviderAccount
from accounts.operations.errors import KeyNotAccepted, NameTaken, NotPossible
from accounts.queries import AccountPage, account_pages
from accounts.secrets.keyring import KeyringError
from accounts.states import Role
from accounts.views.common import sent
from providers.provider import Provider
from providers.registry import PROVIDERS, provider


@require_safe
@team_view(Role.ADMIN)
def provider_accounts(request: TeamRequest) -> HttpResponse:
    pages = account_pages(request.team, timezone.now())
    return render(request, "accounts/provider_accounts.html", {"pages": pages})


@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def provider_account_add(request: TeamRequest) -> HttpResponse:
    """The form is for one provider: the address names it in `provider`."""
    code = request.GET.get("provider", "")
    chosen = provider(code if code in PROVIDERS else PROVIDERS[0])
    taken = request.team.provider_accounts.filter(label=chosen.name).exists()
    initial = {"label": "" if taken else chosen.name}
    form = ProviderAccountForm(sent(request), provider=chosen, initial=initial)
    if form.is_valid() and (account := _add(request, chosen, form)):
        return _added(request, account)
    context = {
        "form": form,
        "chosen": chosen,
        "providers": [provider(each) for each in PROVIDERS],
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/provider_account_add.html", context, status=status)


@require_safe
@team_view(Role.ADMIN)
def provider_account(request: TeamRequest, account: int) -> HttpResponse:
    return account_page(request, find_account(request, account))


@require_POST
@team_view(Role.ADMIN)
def provider_account_rename(request: TeamRequest, account: int) -> HttpResponse:
    found = find_account(request, account)
    form = LabelForm(request.POST)
    if form.is_valid():
        try:
            operations.rename(account=found, label=form.cleaned_data["label"], actor=request.user)
        except NotPossible as error:
            form.add_error("label", str(error))
    if form.errors:
        return account_page(request, found, label_form=form, status=422)
    messages.success(request, _("The account has a new label."))
    return to_account(request, found)


@require_POST
@team_view(Role.ADMIN)
def provider_account_archive(request: TeamRequest, account: int) -> HttpResponse:
    found = find_account(request, account)
    try:
        operations.archive(account=found, actor=request.user, now=timezone.now())
    except NotPossible as error:
        messages.error(request, str(error))
        return to_account(request, found)
    messages.success(request, _("%(label)s is archived.") % {"label": found.label})
    return redirect("provider_accounts", team=request.team.slug)


@require_POST
@team_view(Role.ADMIN)
def provider_account_check(request: TeamRequest, account: int) -> HttpResponse:
    found = find_account(request, account)
    try:
        operations.check(account=found, now=timezone.now())
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The key works, and the balance was read."))
    return to_account(request, found)


def find_account(request: TeamRequest, account: int) -> ProviderAccount:
    """An account of this team; any other is as good as none (404)."""
    accounts = ProviderAccount.objects.select_related("team")
    return get_object_or_404(accounts, pk=account, team=request.team)


def to_account(request: TeamRequest, account: ProviderAccount) -> HttpResponse:
    return redirect("provider_account", team=request.team.slug, account=account.pk)


def account_page(
    request: TeamRequest,
    account: ProviderAccount,
    *,
    key_form: KeyForm | None = None,
    label_form: LabelForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "page": AccountPage(account, timezone.now()),
        "key_form": key_form or KeyForm(),
        "label_form": label_form or LabelForm(initial={"label": account.label}),
    }
    return render(request, "accounts/provider_account.html", context, status=status)


def _added(request: TeamRequest, account: ProviderAccount) -> HttpResponse:
    """To its page; in a team's first steps to the next of them."""
    said = _("%(label)s is added: its key works, and its balance was read.")
    messages.success(request, said % {"label": account.label})
    if request.team.first_steps_over_at is None:
        return redirect("board", team=request.team.slug)
    return to_account(request, account)


@sensitive_variables()
def _add(
    request: TeamRequest, chosen: Provider, form: ProviderAccountForm
) -> ProviderAccount | None:
    try:
        return operations.add_provider_account(
            team=request.team,
            provider_code=chosen.code,
            **form.cleaned_data,
            actor=request.user,
            now=timezone.now(),
        )
    except KeyNotAccepted as error:
        form.add_error("key", str(error))
    except NameTaken as error:
        form.add_error("label", str(error))
    except (NotPossible, KeyringError) as error:
        form.add_error(None, str(error))
    return None
