"""The audit log as a file. The log itself is of accounts; files are made here."""

from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.states import Role
from ledger.exports.response import download


@require_safe
@team_view(Role.FINANCE, Role.ADMIN)
def audit_export(request: TeamRequest) -> HttpResponseBase:
    """What the same address shows as a page, all pages of it."""
    return download(request, "audit")
