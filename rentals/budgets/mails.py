"""What the e-mails about a request for more say: to who decides, and to who asked."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from ledger.amounts import said
from rentals.budgets import answers
from rentals.budgets.periods import period_of
from rentals.models import BudgetRequest
from rentals.states import AskedState


def of_request(request: BudgetRequest) -> tuple[str, str]:
    """Subject and body for an admin, with the link that leads to deciding."""
    told = _told(request)
    address = _address(request, "budget_answer", token=answers.token(request))
    return (
        _("%(team)s: %(who)s asks for %(more)s more") % told,
        render_to_string(
            "rentals/budgets/mail.txt", {**told, "address": address, "days": answers.LASTS.days}
        ),
    )


def of_decision(request: BudgetRequest) -> tuple[str, str]:
    """Subject and body for whoever asked."""
    told, is_approved = _told(request), request.state == AskedState.APPROVED
    if is_approved:
        subject = _("%(team)s: %(more)s more approved")
    else:
        subject = _("%(team)s: %(more)s more declined")
    body = render_to_string(
        "rentals/budgets/mail_decided.txt",
        {
            **told,
            "is_approved": is_approved,
            "admin": str(request.decided_by),
            "note": request.note,
            "address": _address(request, "budget_list"),
        },
    )
    return subject % told, body


def _told(request: BudgetRequest) -> dict[str, Any]:
    budget = request.budget
    return {
        "team": str(budget.team),
        "who": str(request.asked_by),
        "more": said(request.amount, budget.currency),
        "whose": budget.whose,
        "limit": said(budget.amount, budget.currency),
        "period": period_of(budget.period, request.first),
        "reason": request.reason,
    }


def _address(request: BudgetRequest, page: str, **parts: str) -> str:
    path = reverse(page, kwargs={"team": request.budget.team.slug, **parts})
    return f"{settings.PUBLIC_URL}{path}"
