"""How a reconciliation goes: what is true while a worker is at it, and after it was killed."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from ledger.models import Book, Reconciliation
from ledger.models.runs import Step
from ledger.operations.reconciling import LEASE
from tests.ledger.pages.conftest import Desk
from tests.pages.clients import HTMX, page, signed_in, words


def run(desk: Desk, *, heard: datetime | None, step: Step = Step.MATCHING) -> str:
    """What the panel says of a run whose worker was last heard of then."""
    now = timezone.now()
    Reconciliation.objects.create(
        wallet=desk.gig,
        asked_at=now - timedelta(minutes=5),
        started_at=None if step == Step.WAITING else now - timedelta(minutes=5),
        step=step,
        rows_total=400,
        rows_read=100,
    )
    until = heard + LEASE if heard else None
    Book.objects.filter(wallet=desk.gig).update(reconciling_until=until)
    address = page("reconciliation", desk.team, wallet=desk.gig.pk)
    return words(signed_in(desk.finance).get(address, headers=HTMX))


def test_a_worker_that_was_just_heard_of_is_at_it(desk: Desk) -> None:
    said = run(desk, heard=timezone.now())
    assert "Matching" in said
    assert "100 of 400 rows read" in said
    assert "No news" not in said


def test_a_silent_worker_is_said_to_be_silent_and_when_another_takes_over(desk: Desk) -> None:
    heard = timezone.now() - timedelta(seconds=30)
    said = run(desk, heard=heard)
    assert f"No news since {timezone.localtime(heard):%H:%M:%S}" in said
    assert f"taken up again at {timezone.localtime(heard + LEASE):%H:%M:%S}" in said


@pytest.mark.parametrize("was_heard", [True, False])
def test_a_run_that_nobody_holds_is_taken_up_soon(desk: Desk, was_heard: bool) -> None:
    long_ago = timezone.now() - LEASE - timedelta(minutes=1)
    said = run(desk, heard=long_ago if was_heard else None)
    assert "No news since" in said
    assert "within moments" in said


def test_a_run_that_waits_for_a_worker_is_not_called_silent(desk: Desk) -> None:
    said = run(desk, heard=None, step=Step.WAITING)
    assert "Waiting for a worker" in said
    assert "No news" not in said


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step.DONE, '"text": "The wallet is reconciled.", "bad": false'),
        (Step.FAILED, '"text": "The wallet could not be reconciled.", "bad": true'),
    ],
)
def test_how_it_ended_is_told_to_a_page_that_follows_it(desk: Desk, step: Step, said: str) -> None:
    run(desk, heard=timezone.now())
    address = page("reconciliation", desk.team, wallet=desk.gig.pk)
    assert "HX-Trigger" not in signed_in(desk.finance).get(address, headers=HTMX)
    Reconciliation.objects.update(step=step, finished_at=timezone.now())
    assert said in signed_in(desk.finance).get(address, headers=HTMX)["HX-Trigger"]


def test_the_page_itself_says_the_same(desk: Desk) -> None:
    run(desk, heard=None)
    shown = signed_in(desk.finance).get(page("wallet_detail", desk.team, wallet=desk.gig.pk))
    assert "within moments" in words(shown)
