"""Views of filtered pages: all that somebody has, and what they do with them."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.forms import NewViewForm, ViewForm
from accounts.models import SavedView
from accounts.operations.errors import NotPossible
from accounts.operations.saved_views import (
    change_view,
    choose_default,
    delete_view,
    save_view,
    undo_delete,
)
from accounts.pages import undo
from accounts.pages.saved_views import (
    FilteredPage,
    Unreadable,
    address_of,
    beginning,
    deleted_views,
    pages_of,
    visible_views,
)
from accounts.pages.undo import Undo


@require_safe
@team_view()
def saved_views(request: TeamRequest) -> HttpResponse:
    """One's own and the shared ones, by page."""
    return _listed(request)


@require_safe
@team_view()
def saved_view(request: TeamRequest, view: int) -> HttpResponse:
    """To the page, filtered so. What the view keeps is an address: the page decides what shows."""
    try:
        return redirect(address_of(_visible_or_404(request, view), request.membership))
    except Unreadable as error:
        messages.error(request, str(error))
        return redirect("saved_views", team=request.team.slug)


@require_POST
@team_view()
def saved_view_create(request: TeamRequest) -> HttpResponse:
    form = NewViewForm(request.POST)
    if not form.is_valid():
        return _listed(request, new=form)
    try:
        view = save_view(owner=request.membership, **form.cleaned_data)
    except NotPossible as error:
        form.add_error(None, str(error))
        return _listed(request, new=form)
    messages.success(request, _("The view is kept."))
    return redirect(address_of(view, request.membership))


@require_POST
@team_view()
def saved_view_update(request: TeamRequest, view: int) -> HttpResponse:
    """Rename it, share it, or stop to."""
    found = _own_or_404(request, view)
    form = ViewForm.of(found, request.POST)
    if not form.is_valid():
        return _listed(request, changed=form, of=found)
    try:
        change_view(view=found, actor=request.membership, **form.cleaned_data)
    except NotPossible as error:
        form.add_error(None, str(error))
        return _listed(request, changed=form, of=found)
    messages.success(request, _("The view is changed."))
    return redirect("saved_views", team=request.team.slug)


@require_POST
@team_view()
def saved_view_delete(request: TeamRequest, view: int) -> HttpResponse:
    found = _visible_or_404(request, view)
    try:
        delete_view(view=found, actor=request.membership, now=timezone.now())
    except NotPossible as error:
        messages.error(request, str(error))
        return _listed(request, status=403)
    back = reverse("saved_view_undelete", args=[request.team.slug, found.pk])
    undo.say_on_next_page(request, _("The view is deleted."), Undo(back))
    return redirect("saved_views", team=request.team.slug)


@require_POST
@team_view()
def saved_view_undelete(request: TeamRequest, view: int) -> HttpResponse:
    """Have one back that was deleted just now."""
    found = deleted_views(request.membership).filter(pk=view).first()
    if found is None:
        raise Http404("There is no such view that you could have deleted.")
    try:
        undo_delete(view=found, actor=request.membership, now=timezone.now())
    except NotPossible as error:
        messages.error(request, str(error))
        return _listed(request, status=409)
    messages.success(request, _("The view is back."))
    return redirect("saved_views", team=request.team.slug)


@require_POST
@team_view()
def saved_view_default(request: TeamRequest, view: int) -> HttpResponse:
    """Begin its page with it; without `wanted`, with the page as it is."""
    found = _visible_or_404(request, view)
    wanted = bool(request.POST.get("wanted"))
    try:
        choose_default(membership=request.membership, view=found, wanted=wanted)
    except NotPossible as error:
        messages.error(request, str(error))
        return _listed(request, status=409)
    said = _("The page begins with this view now.") if wanted else _("The page begins as it is.")
    messages.success(request, said)
    return redirect("saved_views", team=request.team.slug)


def begun(request: TeamRequest, route: str) -> HttpResponse | None:
    """To the view that the page begins with, where its bare address is asked for."""
    if request.GET or request.htmx:
        return None
    address = beginning(request.membership, route)
    return redirect(address) if address else None


def _visible_or_404(request: TeamRequest, pk: int) -> SavedView:
    found = visible_views(request.membership).filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such view among yours and the shared ones.")
    return found


def _own_or_404(request: TeamRequest, pk: int) -> SavedView:
    found = _visible_or_404(request, pk)
    if found.owner_id != request.membership.pk:
        raise Http404("There is no such view among yours.")
    return found


def _listed(
    request: TeamRequest,
    *,
    new: NewViewForm | None = None,
    changed: ViewForm | None = None,
    of: SavedView | None = None,
    status: int = 0,
) -> HttpResponse:
    """The list; with a form that could not be taken as it was, which is a 422."""
    by_page: dict[str, list[tuple[SavedView, ViewForm]]] = {}
    for view in visible_views(request.membership):
        form = changed if changed and of == view else ViewForm.of(view)
        by_page.setdefault(view.page, []).append((view, form))
    pages: list[FilteredPage] = pages_of(request.membership)
    context: dict[str, Any] = {
        "pages": [(page, by_page[page.route]) for page in pages if page.route in by_page],
        "offered": pages,
        "new": new,
        "wrong": of.pk if of else None,
    }
    status = status or (422 if new or changed else 200)
    return render(request, "accounts/saved_views.html", context, status=status)
