"""The team's webhook: where its alerts are sent, and what came of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import TeamRequest, team_view
from accounts.pages.parameters import clean
from accounts.states import Role
from accounts.views.common import paged, sent, varied
from alerts.filters import DeliveryFilter
from alerts.forms import EndpointForm
from alerts.models import Attempt, Delivery, Endpoint
from alerts.operations import endpoints
from alerts.operations.errors import NotPossible

PAGE = 25
SOON: Final = timedelta(seconds=10)  # what is due then is worth waiting for


@sensitive_post_parameters("url")
@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Role.ADMIN)
def alert_hook(request: TeamRequest) -> HttpResponse:
    """Its address, its state and its log; `outcome` and `page` of the log are in the address."""
    endpoint = Endpoint.objects.filter(team=request.team).first()
    form = EndpointForm(sent(request), initial={"url": endpoint.url if endpoint else ""})
    if form.is_valid():
        try:
            endpoint, secret = endpoints.set_endpoint(
                team=request.team,
                url=form.cleaned_data["url"],
                actor=request.user,
                now=timezone.now(),
            )
        except NotPossible as problem:
            form.add_error("url", str(problem))
        else:
            if secret:
                return _page(request, endpoint, EndpointForm(initial={"url": endpoint.url}), secret)
            messages.success(request, _("The address is kept."))
            return redirect("alert_hook", team=request.team.slug)
    return _page(request, endpoint, form)


@require_POST
@team_view(Role.ADMIN)
def alert_hook_secret(request: TeamRequest) -> HttpResponse:
    """A new secret, shown this once."""
    endpoint = _endpoint_or_404(request)
    try:
        secret = endpoints.rotate_secret(endpoint=endpoint, actor=request.user, now=timezone.now())
    except NotPossible as problem:
        return _back(request, problem=str(problem))
    endpoint.refresh_from_db()
    return _page(request, endpoint, EndpointForm(initial={"url": endpoint.url}), secret)


@require_POST
@team_view(Role.ADMIN)
def alert_hook_switch(request: TeamRequest) -> HttpResponse:
    on = request.POST.get("on") == "1"
    endpoint = _endpoint_or_404(request)
    return _done(
        request,
        lambda: endpoints.switch(endpoint=endpoint, on=on, actor=request.user, now=timezone.now()),
        _("The webhook is switched on.") if on else _("The webhook is switched off."),
    )


@require_POST
@team_view(Role.ADMIN)
def alert_hook_remove(request: TeamRequest) -> HttpResponse:
    endpoint = _endpoint_or_404(request)
    return _done(
        request,
        lambda: endpoints.remove(endpoint=endpoint, actor=request.user),
        _("The webhook is removed."),
    )


@require_POST
@team_view(Role.ADMIN)
def alert_hook_test(request: TeamRequest) -> HttpResponse:
    endpoint = _endpoint_or_404(request)
    return _done(
        request,
        lambda: endpoints.send_test(endpoint=endpoint, actor=request.user, now=timezone.now()),
        _("A test is on its way. What comes of it stands in the log."),
    )


@require_POST
@team_view(Role.ADMIN)
def alert_hook_resend(request: TeamRequest, delivery: int) -> HttpResponse:
    rows = Delivery.objects.filter(endpoint__team=request.team).select_related("endpoint")
    found = rows.filter(pk=delivery).first()
    if found is None:
        raise Http404("The team's webhook has no such delivery.")
    return _done(
        request,
        lambda: endpoints.send_again(delivery=found, actor=request.user, now=timezone.now()),
        _("It is on its way again."),
    )


def _page(
    request: TeamRequest, endpoint: Endpoint | None, form: EndpointForm, secret: str = ""
) -> HttpResponse:
    narrowed = DeliveryFilter(clean(request.GET))
    log = Delivery.objects.filter(endpoint=endpoint) if endpoint else Delivery.objects.none()
    attempts = Prefetch("attempts", Attempt.objects.order_by("-number"))
    rows = narrowed.narrow(log).select_related("asked_by").prefetch_related(attempts)
    now = timezone.now()
    rows = rows.annotate(is_under_way=Q(taken_until__gt=now))
    found = paged(request, rows.order_by("-made_at", "-pk"), PAGE)
    soon = [each for each in found["page"] if each.due_at and each.due_at <= now + SOON]
    context: dict[str, Any] = {
        "endpoint": endpoint,
        "form": form,
        "log": narrowed,
        "secret": secret,
        **found,
        "any": bool(found["page"]) or log.exists(),
        "now": now,
        "follows": bool(soon) and endpoint is not None and endpoint.is_enabled,
    }
    part = "alerts/hook.html#results" if request.htmx else "alerts/hook.html"
    return varied(render(request, part, context, status=422 if form.errors else 200))


def _done(request: TeamRequest, do: Callable[[], object], said: str) -> HttpResponse:
    try:
        do()
    except NotPossible as problem:
        return _back(request, problem=str(problem))
    return _back(request, said=said)


def _back(request: TeamRequest, *, said: str = "", problem: str = "") -> HttpResponse:
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, said)
    return redirect("alert_hook", team=request.team.slug)


def _endpoint_or_404(request: TeamRequest) -> Endpoint:
    endpoint = Endpoint.objects.filter(team=request.team).first()
    if endpoint is None:
        raise Http404("The team has no webhook.")
    return endpoint
