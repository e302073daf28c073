"""The page, where the operator wants it: DESIGN_PAGE."""

from decimal import Decimal

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.pages.columns import Chosen, Column
from accounts.pages.undo import Undo, say_on_next_page
from ledger.states import RefundState
from rentals.states import RentalState
from smsportal.design import charts
from smsportal.design.cards import TEAM, cards
from smsportal.design.fields import Example, wrong

PALETTE = (
    "canvas", "surface", "sunken", "raised", "line", "line-strong", "ink", "ink-2", "accent",
    "accent-wash", "ok", "ok-wash", "wait", "wait-wash", "warn", "warn-wash", "bad", "bad-wash",
)  # fmt: skip
NOWHERE = "/t/-/"  # of a team that there is not: what is pressed is a 404
COLUMNS = Chosen(
    "",
    [Column("service", "Service", fixed=True), Column("state", "State"), Column("cost", "Cost")],
    frozenset({"cost"}),
)


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Every component in every state. With `?toast=ok|bad|undo` it says something in passing."""
    if not settings.DESIGN_PAGE:
        raise Http404("The design system's page is switched off.")
    return _page(request)


@login_required
def _page(request: HttpRequest) -> HttpResponse:
    match request.GET.get("toast"):
        case "ok":
            messages.success(request, "This is done.")
        case "bad":
            messages.error(request, "This went wrong. Try it again.")
        case "undo":
            say_on_next_page(request, "This can be undone.", Undo(NOWHERE))
    now = timezone.now()
    pages = Paginator(range(200), 10)
    context = {
        "palette": PALETTE,
        "rental_states": RentalState.choices,
        "refund_states": RefundState.choices,
        "nobodys": TEAM,
        "cards": cards(now),
        "columns": COLUMNS,
        "undo": Undo(NOWHERE),
        "form": Example(),
        "wrong": wrong(),
        "budgets": charts.budgets(now),
        "asked": charts.ASKED,
        "money": charts.money(),
        "success": charts.success(),
        "services": charts.services(),
        "amounts": [Decimal("1234.5"), Decimal("48.215"), Decimal("12.5")],
        "now": now,
        "page": pages.page(5),
        "numbers": list(pages.get_elided_page_range(5)),
    }
    return render(request, "design/page.html", context)
