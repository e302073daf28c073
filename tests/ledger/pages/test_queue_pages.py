"""Refunds and exceptions: who waits for what, and what finance says about it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent
from ledger.models import Match, ReconciliationException, Refund, Transfer
from ledger.operations.resolving import assign, resolve
from ledger.states import (
    ExceptionKind,
    ExceptionState,
    RefundCause,
    RefundState,
    Resolution,
    RowKind,
)
from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import (
    make_exception,
    make_refund,
    make_row,
    make_transfer,
    make_wallet,
    net,
)
from tests.pages.clients import HTMX, page, signed_in, words

WHY = {"reason": "It is known."}


def listed(desk: Desk, **query: str | int) -> set[str]:
    response = signed_in(desk.finance).get(page("refund_list", desk.team), query)
    return {each.refund.reference for each in response.context["refunds"]}


def test_refunds_by_what_became_of_them(desk: Desk) -> None:
    now = timezone.now()
    make_refund(desk.gig, at=now - timedelta(days=2), reference="rental:1")
    make_refund(desk.gig, at=now, reference="rental:2", queued=True)
    make_refund(desk.villa, "700", at=now, reference="rental:3")
    ended = {"reference": "rental:4", "cause": RefundCause.EXPIRED}
    make_refund(desk.gig, at=now - timedelta(days=2), **ended)  # type: ignore[arg-type]
    Refund.objects.filter(reference="rental:3").update(state=RefundState.SHORT_PAID)
    assert listed(desk) == {f"rental:{n}" for n in range(1, 5)}
    assert listed(desk, state="overdue") == {"rental:1", "rental:4"}
    assert listed(desk, state="awaited") == {"rental:1", "rental:2", "rental:4"}
    assert listed(desk, state="queued") == {"rental:2"}
    assert listed(desk, state="short_paid", wallet=desk.villa.pk) == {"rental:3"}
    assert listed(desk, cause="expired") == {"rental:4"}
    assert listed(desk, q="#2") == {"rental:2"}
    assert listed(desk, since="2999-01-01") == set()


def test_nothing_promised_is_never_overdue(desk: Desk) -> None:
    refund = make_refund(desk.gig, at=timezone.now() - timedelta(days=9))
    Refund.objects.filter(pk=refund.pk).update(expected_min=0, expected_max=0)
    assert listed(desk, state="overdue") == set()


def test_totals_by_currency(desk: Desk) -> None:
    for _ in range(2):
        make_refund(desk.gig, "0.45")
    make_refund(desk.villa, "700.50")
    said = words(signed_in(desk.finance).get(page("refund_list", desk.team)))
    assert "Still awaited NGN 700.50" in said
    assert "Still awaited USD 0.90" in said


def test_a_refund_is_written_off_where_it_stands(desk: Desk) -> None:
    refund = make_refund(desk.gig)
    address = page("refund_write_off", desk.team, refund=refund.pk)
    response = signed_in(desk.finance).post(address, WHY, headers=HTMX)
    assert f'id="refund-{refund.pk}"' in response.text
    assert 'id="totals" hx-swap-oob="true"' in response.text
    assert "<html" not in response.text
    refund.refresh_from_db()
    assert refund.state == RefundState.WRITTEN_OFF


def test_a_write_off_is_taken_back_where_it_stands(desk: Desk) -> None:
    refund, client = make_refund(desk.gig), signed_in(desk.finance)
    client.post(page("refund_write_off", desk.team, refund=refund.pk), WHY)
    address = page("refund_take_back", desk.team, refund=refund.pk)
    assert address in client.get(page("refund_list", desk.team)).text
    assert address in client.get(page("refund_detail", desk.team, refund=refund.pk)).text
    assert "toast--bad" in client.post(address, {"reason": ""}, follow=True).text
    refund.refresh_from_db()
    assert refund.state == RefundState.WRITTEN_OFF
    response = client.post(address, WHY, headers=HTMX)
    assert f'id="refund-{refund.pk}"' in response.text
    assert address not in response.text
    refund.refresh_from_db()
    assert refund.state == RefundState.EXPECTED
    said = client.post(address, WHY, follow=True)
    assert "Nobody has written it off" in words(said)


@pytest.mark.parametrize("reason", ["", "a\0b", "x" * 501])
def test_a_write_off_without_a_reason_changes_nothing(desk: Desk, reason: str) -> None:
    refund = make_refund(desk.gig)
    address = page("refund_write_off", desk.team, refund=refund.pk)
    client = signed_in(desk.finance)
    assert "toast--bad" in client.post(address, {"reason": reason}, follow=True).text
    refund.refresh_from_db()
    assert refund.state == RefundState.EXPECTED
    assert not AuditEvent.objects.exists()


def queue(desk: Desk, who: str = "finance", **query: str | int) -> list[int]:
    response = signed_in(getattr(desk, who)).get(page("exception_list", desk.team), query)
    return [each.pk for each in response.context["page"]]


def test_the_three_queues(desk: Desk) -> None:
    opened, mine, done = (make_exception(desk.gig) for _ in range(3))
    actor = desk.finance.user
    assign(exception=mine, to=actor, actor=actor)
    resolve(
        exception=done,
        outcome=Resolution.OUTSIDE,
        reason="Known.",
        actor=actor,
        now=timezone.now(),
    )
    assert queue(desk) == [opened.pk, mine.pk]
    assert queue(desk, show="mine") == [mine.pk]
    assert queue(desk, "colleague", show="mine") == []
    assert queue(desk, show="resolved") == [done.pk]
    assert queue(desk, show="nonsense") == [opened.pk, mine.pk]


def test_exceptions_are_filtered(desk: Desk) -> None:
    row = make_row(desk.gig, provider_id="R-77")
    by_row = make_exception(desk.gig, row=row)
    drift = make_exception(desk.villa, "5", ExceptionKind.DRIFT)
    about = make_exception(desk.gig, "0", ExceptionKind.ABOVE_HOLD, reference="rental:9")
    assert queue(desk, q="R-77") == [by_row.pk]
    assert queue(desk, q="#9") == [about.pk]
    assert queue(desk, kind="drift") == [drift.pk]
    assert queue(desk, wallet=desk.villa.pk) == [drift.pk]
    assert queue(desk, until="2020-01-01") == []


def test_what_is_empty_says_why(desk: Desk) -> None:
    client = signed_in(desk.finance)
    assert "Everything is explained" in words(client.get(page("exception_list", desk.team)))
    assert "No refund is owed" in words(client.get(page("refund_list", desk.team)))
    make_exception(desk.gig)
    make_refund(desk.gig)
    nothing = client.get(page("exception_list", desk.team), {"q": "zzz"})
    assert "No exception matches" in words(nothing)
    mine = client.get(page("exception_list", desk.team), {"show": "mine"})
    assert "Nothing is assigned to you" in words(mine)
    assert "No refund matches" in words(client.get(page("refund_list", desk.team), {"q": "zzz"}))


@pytest.mark.parametrize("name", ["exception_list", "refund_list"])
def test_a_list_costs_as_many_queries_however_long_it_is(desk: Desk, name: str) -> None:
    client = signed_in(desk.finance)
    make_exception(desk.gig, row=make_row(desk.gig))
    make_refund(desk.gig)
    client.get(page(name, desk.team))
    with CaptureQueriesContext(connection) as few:
        client.get(page(name, desk.team))
    for _ in range(12):
        make_exception(desk.gig, row=make_row(desk.gig))
        make_refund(desk.gig)
    with CaptureQueriesContext(connection) as many:
        client.get(page(name, desk.team))
    assert len(many) == len(few)


def test_a_decision_stays_where_it_was_made_and_counts_down(desk: Desk) -> None:
    exception = make_exception(desk.gig)
    make_exception(desk.gig)
    address = page("exception_resolve", desk.team, exception=exception.pk)
    form = {"outcome": "outside", **WHY}
    response = signed_in(desk.finance).post(address, form, headers=HTMX)
    assert response.status_code == 200
    assert f'id="exception-{exception.pk}"' in response.text
    assert 'id="open-exceptions" hx-swap-oob="true">1<' in response.text
    assert "autofocus" in response.text
    assert "<html" not in response.text
    exception.refresh_from_db()
    assert exception.resolution == Resolution.OUTSIDE


def test_it_works_as_a_plain_form_too(desk: Desk) -> None:
    exception = make_exception(desk.gig)
    client = signed_in(desk.finance)
    there = page("exception_detail", desk.team, exception=exception.pk)
    for name, form in (
        ("exception_assign", {"to": desk.colleague.user.pk}),
        ("exception_resolve", {"outcome": "write_off", **WHY}),
        ("exception_reopen", WHY),
    ):
        response = client.post(page(name, desk.team, exception=exception.pk), form)
        assert response["Location"] == there, name
    exception.refresh_from_db()
    assert exception.state == ExceptionState.ASSIGNED
    assert exception.assigned_to == desk.colleague.user


@pytest.mark.parametrize("form", [{}, {"outcome": "outside"}, {"outcome": "x", **WHY}, WHY])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_page_left_open_is_told_who_was_quicker(
    desk: Desk, form: dict[str, str], headers: dict[str, str]
) -> None:
    """Whatever its form says by then."""
    exception = make_exception(desk.gig)
    address = page("exception_resolve", desk.team, exception=exception.pk)
    signed_in(desk.colleague).post(address, {"outcome": "outside", **WHY})
    response = signed_in(desk.finance).post(address, form, headers=headers)
    assert response.status_code == 422
    assert f"It was resolved by {desk.colleague.user} meanwhile" in words(response)
    exception.refresh_from_db()
    assert exception.resolved_by == desk.colleague.user


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("exception_resolve", {}),
        ("exception_resolve", {"outcome": "outside"}),
        ("exception_resolve", {"outcome": "noted", **WHY}),
        ("exception_resolve", {"outcome": "deposit", **WHY}),
        ("exception_resolve", {"outcome": "matched", **WHY}),
        ("exception_resolve", {"outcome": "outside", "reason": "a\0b"}),
        ("exception_resolve", {"outcome": "outside", "reason": "x" * 501}),
        ("exception_assign", {"to": "999999"}),
        ("exception_assign", {"to": "x"}),
        ("exception_assign", {"to": "", "instead_of": "x"}),
        ("exception_assign", {"to": "", "instead_of": "9" * 18}),
        ("exception_reopen", WHY),
        ("exception_match", WHY),
        ("exception_match", {"claim": "transfer:1e9", **WHY}),
        ("exception_match", {"claim": "transfer:" + "9" * 18, **WHY}),
        ("exception_match", {"claim": "refund:1"}),
        ("exception_unmatch", WHY),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_can_not_be_is_said_and_changes_nothing(
    desk: Desk, name: str, form: dict[str, str], headers: dict[str, str]
) -> None:
    exception = make_exception(desk.gig, row=make_row(desk.gig))
    before = net(desk.gig), list(ReconciliationException.objects.values())
    address = page(name, desk.team, exception=exception.pk)
    response = signed_in(desk.finance).post(address, form, headers=headers)
    assert response.status_code == 422
    assert (net(desk.gig), list(ReconciliationException.objects.values())) == before
    assert not AuditEvent.objects.exists()
    assert not Match.objects.exists()


def test_a_row_is_matched_to_what_fits_and_taken_back(desk: Desk) -> None:
    charge = make_transfer(desk.gig, amount="0.45")
    row = make_row(desk.gig)
    exception = make_exception(desk.gig, row=row)
    client = signed_in(desk.finance)
    shown = client.get(page("exception_detail", desk.team, exception=exception.pk))
    assert f'value="transfer:{charge.pk}"' in shown.text
    assert "the same amount" in words(shown)
    address = page("exception_match", desk.team, exception=exception.pk)
    form = {"claim": f"transfer:{charge.pk}", **WHY}
    assert client.post(address, form, headers=HTMX).status_code == 200
    assert Match.objects.get(undone_at=None).transfer == charge
    exception.refresh_from_db()
    assert exception.resolution == Resolution.MATCHED
    assert client.post(address, form, headers=HTMX).status_code == 422
    undo = page("exception_unmatch", desk.team, exception=exception.pk)
    assert client.post(undo, WHY).status_code == 302
    assert not Match.objects.filter(undone_at=None).exists()
    again = ReconciliationException.objects.get(row=row, state=ExceptionState.OPEN)
    assert again.amount == Decimal("-0.45")


def test_several_rows_are_matched_to_one_claim(desk: Desk) -> None:
    refund = make_refund(desk.gig, "0.90")
    halves = [
        make_exception(
            desk.gig,
            "0.45",
            ExceptionKind.OUTSIDE_REFUND,
            row=make_row(desk.gig, RowKind.REFUND, occurred_at=timezone.now()),
        )
        for _ in range(2)
    ]
    client = signed_in(desk.finance)
    shown = client.get(page("exception_detail", desk.team, exception=halves[0].pk))
    assert f'name="also" value="{halves[1].pk}"' in shown.text
    form = {"claim": f"refund:{refund.pk}", "also": [halves[1].pk], **WHY}
    address = page("exception_match", desk.team, exception=halves[0].pk)
    assert client.post(address, form).status_code == 302
    refund.refresh_from_db()
    assert (refund.received, refund.state) == (Decimal("0.90"), RefundState.RECEIVED)
    states = set(ReconciliationException.objects.values_list("resolution", flat=True))
    assert states >= {Resolution.MATCHED}
    assert not ReconciliationException.objects.filter(row__isnull=False, state="open").exists()


def test_rows_of_another_wallet_are_not_matched_along(desk: Desk) -> None:
    refund = make_refund(desk.gig, "0.90")
    own, other = (
        make_exception(
            wallet,
            "0.45",
            ExceptionKind.OUTSIDE_REFUND,
            row=make_row(wallet, RowKind.REFUND, occurred_at=timezone.now()),
        )
        for wallet in (desk.gig, make_wallet())
    )
    form = {"claim": f"refund:{refund.pk}", "also": [other.pk, "x", "9" * 40], **WHY}
    address = page("exception_match", desk.team, exception=own.pk)
    signed_in(desk.finance).post(address, form)
    other.refresh_from_db()
    assert other.state == ExceptionState.OPEN


def test_an_admin_reads_and_sees_no_form(desk: Desk) -> None:
    exception = make_exception(desk.gig, row=make_row(desk.gig))
    make_transfer(desk.gig, amount="0.45")
    client = signed_in(desk.admin)
    text = client.get(page("exception_detail", desk.team, exception=exception.pk)).text
    main = text.partition("<main")[2].partition("</main>")[0]
    assert "What it may have been" in main
    for part in ("<form", "<input", "<button", "<select"):
        assert part not in main
    make_refund(desk.gig)
    assert "write-off" not in client.get(page("refund_list", desk.team)).text


def test_what_the_provider_writes_stays_text(desk: Desk) -> None:
    row = make_row(desk.gig, description="<script>alert(1)</script>")
    exception = make_exception(desk.gig, row=row)
    for name, parts in (("exception_list", {}), ("exception_detail", {"exception": exception.pk})):
        text = signed_in(desk.finance).get(page(name, desk.team, **parts)).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


def test_ids_of_another_team_are_not_there(desk: Desk) -> None:
    foreign = make_wallet()
    exception, refund = make_exception(foreign), make_refund(foreign)
    booked = Transfer.objects.count()
    client = signed_in(desk.finance)
    there = page("exception_detail", desk.team, exception=exception.pk)
    assert client.get(there).status_code == 404
    for name in ("assign", "resolve", "reopen", "match", "unmatch"):
        address = page(f"exception_{name}", desk.team, exception=exception.pk)
        assert client.post(address, {"outcome": "outside", **WHY}).status_code == 404
    address = page("refund_write_off", desk.team, refund=refund.pk)
    assert client.post(address, WHY).status_code == 404
    assert Transfer.objects.count() == booked
    assert not AuditEvent.objects.exists()


def test_what_is_open_is_offered_for_a_drift(desk: Desk) -> None:
    now = timezone.now()
    make_refund(desk.gig, "0.45", at=now - timedelta(minutes=9), reference="rental:31")
    drift = make_exception(desk.gig, "0.45", ExceptionKind.DRIFT, at=now)
    address = page("exception_detail", desk.team, exception=drift.pk)
    said = words(signed_in(desk.finance).get(address))
    assert "Rental #31 · at most USD 0.45" in said
    assert "explains it to the cent, a refund is awaited" in said
