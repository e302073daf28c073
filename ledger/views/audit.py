"""The audit log as a file. The log itself is of accounts; files are made here."""

from collections.abc import Iterator, Sequence
from typing import Final

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.actions import Action
from accounts.models import AuditEvent, Membership
from accounts.states import Role
from accounts.trail import in_one_line, narrowed, tell
from accounts.views.audit import trail_form
from ledger.exports.cells import Value
from ledger.exports.lists import PORTION
from ledger.exports.response import download

HEAD: Final = [
    _("Event"),
    _("When"),
    _("Who"),
    _("E-mail address"),
    _("From address"),
    _("Kind of action"),
    _("Action"),
    _("About"),
    _("Called"),
    _("Before"),
    _("After"),
    _("Reason"),
]


@require_safe
@team_view(Role.FINANCE, Role.ADMIN)
def audit_export(request: TeamRequest) -> HttpResponseBase:
    """What the same address shows as a page, all pages of it."""
    form = trail_form(request)
    if not form.is_valid():
        return HttpResponse(" ".join(form.problems), status=422, content_type="text/plain")
    return download(
        request,
        name="audit",
        head=HEAD,
        rows=_rows(narrowed(request.membership, form.wanted), request.membership),
        filtered=form.said,
        action=Action.TRAIL_EXPORTED,
    )


def _rows(events: QuerySet[AuditEvent], membership: Membership) -> Iterator[Sequence[Value]]:
    for event in events.iterator(chunk_size=PORTION):
        told = tell(event, membership)
        yield (
            event.pk,
            event.at,
            told.actor,
            event.actor.email if event.actor else "",
            event.address or "",
            told.family,
            told.action,
            told.about,
            event.label,
            in_one_line(event.before),
            in_one_line(event.after),
            event.reason,
        )
