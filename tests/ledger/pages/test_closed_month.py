"""Whoever acts in a month that is closed is told so in words, and nothing changes."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from ledger.days import team_day
from ledger.models import ClosedMonth, Match, ReconciliationException, Refund, Transfer
from ledger.operations.balance.matches import Part, explain
from ledger.operations.resolving import resolve
from ledger.operations.statement.matches import match_row
from ledger.states import ExceptionKind, Resolution
from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import make_exception, make_refund, make_row, make_transfer
from tests.pages.clients import HTMX, page, signed_in, words

CLOSED = "This month is closed"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_whoever_acts_in_a_closed_month_is_told_so(desk: Desk, headers: dict[str, str]) -> None:
    now = timezone.now()
    row = make_row(desk.gig)
    matched = make_row(desk.gig)
    charge, other = make_transfer(desk.gig, amount="0.50"), make_transfer(desk.gig, amount="0.50")
    open_one, known = make_exception(desk.gig, row=row), make_exception(desk.gig, "-1")
    taken = make_exception(desk.gig, row=matched)
    drift = make_exception(desk.gig, "0.45", ExceptionKind.DRIFT)
    explained = make_exception(desk.gig, "0.45", ExceptionKind.DRIFT)
    refund, paid = make_refund(desk.gig), make_refund(desk.gig)
    person = desk.finance.user
    resolve(exception=known, outcome=Resolution.OUTSIDE, reason="Known.", actor=person, now=now)
    match_row(row=matched, transfer=other, actor=person, reason="Ours.", now=now)
    part = Part(f"refund:{paid.pk}", Decimal("0.45"))
    explain(exception=explained, parts=[part], actor=person, reason="Ours.", now=now)
    ClosedMonth.objects.create(
        wallet=desk.gig, month=_month(desk, now), closed_at=now, closed_by=person, totals={}
    )
    before = everything()
    why: dict[str, object] = {"reason": "Why."}
    named = f"refund:{refund.pk}"
    acts: list[tuple[str, dict[str, int], dict[str, object]]] = [
        ("exception_resolve", {"exception": open_one.pk}, {"outcome": "outside", **why}),
        ("exception_match", {"exception": open_one.pk}, {"claim": f"transfer:{charge.pk}", **why}),
        ("exception_reopen", {"exception": known.pk}, why),
        ("exception_unmatch", {"exception": taken.pk}, why),
        (
            "exception_match",
            {"exception": drift.pk},
            {"part": named, f"amount-{named}": "0.45", **why},
        ),
        ("exception_reopen", {"exception": explained.pk}, why),
        ("deposit_create", {"wallet": desk.gig.pk}, {"amount": "5", "day": _day(desk, now), **why}),
    ]
    for name, at, sent in acts:
        response = signed_in(desk.finance).post(page(name, desk.team, **at), sent, headers=headers)
        assert response.status_code == 422, name
        assert CLOSED in words(response), name
    assert everything() == before


def everything() -> list[object]:
    models = (Transfer, ReconciliationException, Match, Refund)
    rows: list[object] = [list(model.objects.order_by("pk").values()) for model in models]
    return [*rows, AuditEvent.objects.count()]


def _day(desk: Desk, now: datetime) -> date:
    return team_day(desk.team, now)


def _month(desk: Desk, now: datetime) -> date:
    return _day(desk, now).replace(day=1)
