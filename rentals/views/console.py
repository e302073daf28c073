"""A provider account's console: ask by hand, see what comes back."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import operations as accounts_operations
from accounts.access import TeamRequest, team_view
from accounts.console_page import ConsolePage, answer_page
from accounts.models import ConsoleRequest, ProviderAccount
from accounts.models.console import KEPT_FOR
from accounts.operations import Asking
from accounts.operations.errors import NotPossible as NotAsked
from accounts.states import Role
from accounts.views.provider_accounts import find_account
from providers.calls import Effect
from providers.curl import as_curl
from providers.documented import Documented
from rentals.console import CallForm, Deed, asked_for, deed, do, suggestions
from rentals.operations import NotPossible, RentalNotAllowed


class RevealForm(forms.Form):
    """Why an admin looks at a whole answer."""

    reason = forms.CharField(
        label=_("Why do you need to see all of it?"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Say why. It is kept with your name.")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def provider_console(request: TeamRequest, account: int) -> HttpResponse:
    """`call` names one of the document's. What changes something is asked for once more."""
    found = find_account(request, account)
    page = ConsolePage(found, timezone.now())
    chosen = _chosen(page.documented, request.POST.get("call") or request.GET.get("call", ""))
    if request.method != "POST":
        return _console(request, page, CallForm(None, documented=chosen))
    form = CallForm(request.POST, documented=chosen)
    if not form.is_valid():
        return _console(request, page, form, status=422)
    try:
        if form.call.effect is Effect.READ:
            return _ask(request, found, form)
        meant = deed(found, form)
        if "confirmed" not in request.POST:
            return _console(request, page, form, meant=meant)
        rental = do(meant, form, request.membership, timezone.now())
    except (NotAsked, NotPossible, RentalNotAllowed) as problem:
        form.add_error(None, str(problem))
        return _console(request, page, form, status=422)
    return redirect("rental_detail", team=request.team.slug, rental=rental.pk)


@require_safe
@team_view(Role.ADMIN)
def console_answer(request: TeamRequest, account: int, answer: uuid.UUID) -> HttpResponse:
    """What came back, without numbers, texts and codes."""
    return _answer(request, _own_request(request, account, answer), RevealForm())


@require_http_methods(["GET", "POST"])
@team_view(Role.ADMIN)
def console_reveal(request: TeamRequest, account: int, answer: uuid.UUID) -> HttpResponse:
    """All of it, this once, after writing down who looked and why."""
    sent = _own_request(request, account, answer)
    if request.method == "GET":
        return redirect("console_answer", team=request.team.slug, account=account, answer=sent.pk)
    form = RevealForm(request.POST)
    if not form.is_valid():
        return _answer(request, sent, form, status=422)
    try:
        accounts_operations.reveal_answer(
            request=sent,
            reason=form.cleaned_data["reason"],
            actor=request.user,
            about=asked_for(sent),
        )
    except NotAsked as problem:
        messages.info(request, str(problem))
        return redirect("console_answer", team=request.team.slug, account=account, answer=sent.pk)
    return _answer(request, sent, form, whole=True)


def _ask(request: TeamRequest, account: ProviderAccount, form: CallForm) -> HttpResponse:
    asking = Asking(form.call, form.documented.title, form.cleaned_data["request_key"])
    sent = accounts_operations.ask_provider(
        account=account, asking=asking, actor=request.user, now=timezone.now()
    )
    return redirect("console_answer", team=request.team.slug, account=account.pk, answer=sent.pk)


def _console(
    request: TeamRequest,
    page: ConsolePage,
    form: CallForm,
    *,
    meant: Deed | None = None,
    status: int = 200,
) -> HttpResponse:
    call = form.call if form.is_bound and form.is_valid() else form.documented.example
    context: dict[str, Any] = {
        "page": page,
        "form": form,
        "chosen": form.documented,
        "call": call,
        "curl": as_curl(call, page.base_url),
        "meant": meant,
        "lists": suggestions(page.account, form.documented),
    }
    return render(request, "rentals/console.html", context, status=status)


def _answer(
    request: TeamRequest,
    sent: ConsoleRequest,
    form: RevealForm,
    *,
    whole: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "page": ConsolePage(sent.account, timezone.now()),
        "sent": sent,
        "reply": answer_page(sent, whole=whole),
        "form": form,
        "whole": whole,
        "minutes": int(KEPT_FOR.total_seconds() // 60),
    }
    return render(request, "rentals/console_answer.html", context, status=status)


def _own_request(request: TeamRequest, account: int, answer: uuid.UUID) -> ConsoleRequest:
    """One of this admin's own, while it is kept; any other is as good as none."""
    kept = ConsoleRequest.objects.filter(
        account=find_account(request, account),
        actor=request.user,
        at__gt=timezone.now() - KEPT_FOR,
    )
    return get_object_or_404(kept.select_related("account__team"), pk=answer)


def _chosen(documented: tuple[Documented, ...], key: str) -> Documented:
    return next((each for each in documented if each.key == key), documented[0])
