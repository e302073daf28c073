"""The audit log: a list that is narrowed by its address, and one event of it."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.pages.parameters import clean
from accounts.states import Role
from accounts.trail.entries import Page, Place, narrowed, page, readable, tell
from accounts.trail.form import TrailForm
from accounts.views.saved_views import begun

NOTHING = Page([], None, None)


@require_safe
@team_view(Role.FINANCE, Role.ADMIN)
def audit_log(request: TeamRequest) -> HttpResponse:
    """The filters are in the address, and `before` or `after`: a place in the list."""
    if view := begun(request, "audit_log"):
        return view
    form = trail_form(request)
    found = _found(request, form) if form.is_valid() else NOTHING
    context = {
        "form": form,
        "page": found,
        "told": [tell(event, request.membership) for event in found.events],
        "any": bool(found.events) or readable(request.membership).exists(),
        "all_of_it": request.membership.has(Role.ADMIN),
    }
    part = "accounts/audit.html#results" if request.htmx else "accounts/audit.html"
    # To htmx an answer that says what is wrong is one to show, and no failed request.
    status = 422 if form.errors and not request.htmx else 200
    response = render(request, part, context, status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response


@require_safe
@team_view(Role.FINANCE, Role.ADMIN)
def audit_event(request: TeamRequest, event: int) -> HttpResponse:
    found = readable(request.membership).select_related("actor").filter(pk=event).first()
    if found is None:
        raise Http404("There is no such event among those that you may read.")
    context = {"told": tell(found, request.membership)}
    return render(request, "accounts/audit_event.html", context)


def trail_form(request: TeamRequest) -> TrailForm:
    """What the address asks for, without the signs that no filter can hold."""
    return TrailForm(clean(request.GET), membership=request.membership)


def _found(request: TeamRequest, form: TrailForm) -> Page:
    events = narrowed(request.membership, form.wanted)
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    return page(events, before=Place.read(before), after=Place.read(after))
