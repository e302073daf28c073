"""What a page reads by the clock: a read that fails is made up for, and nobody is told of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from ledger.models import Export
from ledger.states import ExportState
from tests.browser.stack.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def export(desk: Desk) -> Iterator[Export]:
    """One that some worker is at, for longer than the test takes."""
    now = timezone.now()
    export = Export.objects.create(
        team=desk.team,
        asked_by=desk.membership.user,
        listing="rentals",
        format="csv",
        state=ExportState.RUNNING,
        asked_at=now,
        leased_until=now + timedelta(hours=1),
        rows=250_000,
        total=1_000_000,
    )
    yield export
    Export.objects.filter(pk=export.pk).delete()  # one is made at a time


def following(desk: Desk, export: Export) -> Page:
    page = desk.page()
    page.goto(f"{desk.board}exports/{export.pk}/")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "250000")
    return page


@pytest.mark.parametrize("how", ["cut", "broken"])
def test_a_read_by_the_clock_that_fails_is_made_up_for_in_silence(
    desk: Desk, export: Export, how: str
) -> None:
    desk.allowed += ("ERR_", "status of 500", "htmx:", "Response Status Error")
    page = following(desk, export)
    address = f"**/exports/{export.pk}/"
    if how == "cut":
        page.route(address, lambda route: route.abort(), times=2)
    else:
        page.route(address, lambda route: route.fulfill(status=500), times=2)
    Export.objects.filter(pk=export.pk).update(rows=500_000)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "500000")
    expect(page.locator("#toasts > *")).to_have_count(0)


def test_a_page_whose_file_is_deleted_elsewhere_leads_to_the_list(
    desk: Desk, export: Export
) -> None:
    page = following(desk, export)
    Export.objects.filter(pk=export.pk).delete()
    expect(page.get_by_role("heading", name="No long lists yet")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("not there any more")
