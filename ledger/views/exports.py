"""The files that are made for somebody: how far they are, and taking them."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.views.common import toast, varied
from ledger.exports.listings import NotListed
from ledger.exports.response import sent
from ledger.models import Export
from ledger.operations.errors import NotPossible
from ledger.operations.exporting import discard, take
from ledger.states import ExportState

SHOWN = 50  # of one's own, in the list


@require_safe
@team_view()
def export_list(request: TeamRequest) -> HttpResponse:
    """One's own, the newest first; nobody else's."""
    newest = _own(request).order_by("-asked_at", "-pk")[:SHOWN]
    return render(request, "ledger/exports.html", {"exports": list(newest)})


@require_safe
@team_view()
def export_detail(request: TeamRequest, export: int) -> HttpResponse:
    """How far it is: the whole page, or to htmx what changes of it.

    A page that is open when its file is deleted elsewhere leads to the list.
    """
    if request.htmx and not _own(request).filter(pk=export).exists():
        messages.info(request, _("The file is not there any more."))
        return HttpResponseClientRedirect(reverse("export_list", args=[request.team.slug]))
    found = _own_or_404(request, export)
    response = _shown(request, found)
    return _told(response, found) if request.htmx else response


@require_safe
@team_view()
def export_file(request: TeamRequest, export: int) -> HttpResponseBase:
    """The file itself, to whoever asked for it and may still have it."""
    found = _own_or_404(request, export)
    try:
        file = take(export=found, membership=request.membership)
    except NotListed as error:
        return _shown(request, found, problem=str(error), status=error.status)
    except NotPossible as error:
        return _shown(request, found, problem=str(error), status=410)
    return sent(request, file, found.name)


@require_POST
@team_view()
def export_delete(request: TeamRequest, export: int) -> HttpResponse:
    discard(export=_own_or_404(request, export))
    messages.success(request, _("The file is deleted."))
    return redirect("export_list", team=request.team.slug)


def _shown(
    request: TeamRequest, export: Export, *, problem: str = "", status: int = 200
) -> HttpResponse:
    part = "ledger/export_state.html" if request.htmx else "ledger/export.html"
    return varied(render(request, part, {"export": export, "problem": problem}, status=status))


def _told(response: HttpResponse, export: Export) -> HttpResponse:
    """With what became of the file, for a page that has followed it until now."""
    if export.is_there:
        trigger_client_event(response, "toast", toast(_("The file is ready.")))
    elif export.state == ExportState.FAILED:
        trigger_client_event(response, "toast", toast(_("The file could not be made."), bad=True))
    return response


def _own(request: TeamRequest) -> QuerySet[Export]:
    return Export.objects.filter(team=request.team, asked_by=request.user)


def _own_or_404(request: TeamRequest, pk: int) -> Export:
    found = _own(request).filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such file among yours.")
    return found
