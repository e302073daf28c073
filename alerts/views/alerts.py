"""The list of what is wrong, the bell in the top bar, and taking an alert on."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access import TeamRequest, team_view
from accounts.pages.parameters import clean
from accounts.states import Role
from accounts.views.common import back, paged, toast, varied
from alerts.filters import SHOWN, AlertFilter
from alerts.models import Alert
from alerts.operations.acknowledging import acknowledge
from alerts.operations.errors import NotPossible
from alerts.queries import acknowledgeable, kinds_of, last_looked, visible_alerts

PAGE = 25


@require_safe
@team_view()
def alert_list(request: TeamRequest) -> HttpResponse:
    """What is wrong, or was. The filters, `show` (open, closed) and `page` are in the address."""
    narrowed = AlertFilter(clean(request.GET), membership=request.membership)
    found = paged(request, narrowed.shown, PAGE)
    context = {
        "filter": narrowed,
        "tabs": SHOWN.items(),
        **found,
        "takes_on": kinds_of(request.membership),
        "any": bool(found["page"]) or visible_alerts(request.membership).exists(),
        "looked_at": last_looked(),
    }
    part = "alerts/list.html#results" if request.htmx else "alerts/list.html"
    return varied(render(request, part, context))


@require_safe
@team_view()
def alert_bell(request: TeamRequest) -> HttpResponse:
    """The bell alone, for the script to read again."""
    return render(request, "alerts/bell_read.html")


@require_POST
@team_view(Role.FINANCE, Role.ADMIN)
def alert_acknowledge(request: TeamRequest, alert: int) -> HttpResponse:
    """Take it on; htmx gets its line as it is now, and the bell."""
    found = acknowledgeable(request.membership).filter(pk=alert).first()
    if found is None:
        raise Http404("There is no such alert among those that you look after.")
    problem = ""
    try:
        acknowledge(alert=found, actor=request.user, now=timezone.now())
    except NotPossible as error:
        problem = str(error)
    said = problem or _("You have taken it on.")
    if request.htmx:
        return trigger_client_event(
            varied(_line(request, alert)), "toast", toast(said, bad=bool(problem))
        )
    (messages.error if problem else messages.success)(request, said)
    return back(request, reverse("alert_list", args=[request.team.slug]))


def _line(request: TeamRequest, pk: int) -> HttpResponse:
    alert = Alert.objects.select_related("acknowledged_by", "member").get(pk=pk)
    context = {"alert": alert, "takes_on": kinds_of(request.membership), "oob": True}
    return render(request, "alerts/line_read.html", context)
