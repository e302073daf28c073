"""Saved views and long lists in a browser: for everybody, in both themes, phone and desk."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership, User
from accounts.operations.saved_views import save_view
from accounts.states import Role
from ledger.models import Export
from ledger.states import ExportState
from rentals.states import RentalState
from tests.browser.looks import inspect
from tests.factories import make_member, make_provider_account, make_rental, make_team

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def person(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), Role.MEMBER, Role.ADMIN)
    membership.user.name = "Ada Example"
    membership.user.save()
    account = make_provider_account(membership.team, "smsgig")
    for state in (RentalState.WAITING, RentalState.FINISHED, RentalState.CANCELLED):
        make_rental(membership, account, state)
    sign_in(membership.user)
    return membership


def keep(owner: Membership) -> None:
    colleague = make_member(owner.team, Role.MEMBER)
    save_view(owner=owner, page="rental_list", name="Live now", query="state=live", default=True)
    long = "What everybody in this team should have a look at on Mondays"
    save_view(owner=colleague, page="rental_list", name=long, query="state=finished", shared=True)
    save_view(owner=owner, page="spend", name="By month", query="by=month", shared=True)


def export(owner: Membership, state: ExportState, **fields: object) -> Export:
    now = timezone.now()
    given: dict[str, object] = {
        "team": owner.team,
        "asked_by": owner.user,
        "listing": "rentals",
        "format": "csv",
        "state": state,
        "asked_at": now,
        "query": f"state={state}",
    }
    return Export.objects.create(**given | fields)


def finish(found: Export) -> None:
    folder = Path(settings.EXPORTS_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.joinpath(f"{found.pk}.csv").write_text("Rental\n1\n")
    Export.objects.filter(pk=found.pk).update(
        state=ExportState.READY,
        file=f"{found.pk}.csv",
        name="verity-rentals.csv",
        size=9,
        rows=1_000_000,
        total=1_000_000,
        roles=[Role.MEMBER],
        expires_at=timezone.now() + timedelta(days=1),
    )


@pytest.mark.timeout(300)
def test_the_pages_are_for_everybody(page: Page, person: Membership) -> None:
    keep(person)
    begun = timezone.now()
    running = export(
        person, ExportState.RUNNING, rows=250_000, total=1_000_000,
        leased_until=begun + timedelta(hours=1),
    )  # fmt: skip
    ready = export(person, ExportState.REQUESTED, format="xlsx")
    finish(ready)
    failed = export(person, ExportState.FAILED, problem="The portal's disk is full.")
    team, wrong = f"/t/{person.team.slug}", []
    page.goto(f"{team}/rentals/?all")
    page.get_by_text("Views", exact=True).click()
    wrong += inspect(page, "views-menu")
    page.goto(f"{team}/spend/?all")
    page.get_by_text("Views", exact=True).click()
    wrong += inspect(page, "views-menu-of-spend")
    for width in (320, 390, 768):
        page.set_viewport_size({"width": width, "height": 900})
        menu = page.locator(".tools [open] .menu__list--form").bounding_box()
        assert menu is not None
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= width
    for name, address in (
        ("views", "views/"),
        ("exports", "exports/"),
        ("export-running", f"exports/{running.pk}/"),
        ("export-ready", f"exports/{ready.pk}/"),
        ("export-failed", f"exports/{failed.pk}/"),
        ("spend-with-views", "spend/"),
    ):
        page.goto(f"{team}/{address}")
        wrong += inspect(page, name)
    assert wrong == []


@pytest.mark.timeout(120)
def test_what_is_filtered_is_kept_and_comes_back(page: Page, person: Membership) -> None:
    page.goto(f"/t/{person.team.slug}/rentals/")
    page.get_by_role("combobox", name="State").select_option("finished")
    expect(page.locator("#count")).to_have_text("1 rental")
    page.get_by_text("Views", exact=True).click()
    page.get_by_label("Keep what is filtered now as").fill("Done")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("The view is kept.")).to_be_visible()
    page.goto(f"/t/{person.team.slug}/rentals/")
    expect(page.locator("#count")).to_have_text("3 rentals")
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("link", name="Done").click()
    expect(page.locator("#count")).to_have_text("1 rental")
    assert page.url.endswith("?state=finished")


@pytest.mark.timeout(120)
def test_a_long_list_shows_its_progress_and_then_its_file(page: Page, person: Membership) -> None:
    found = export(person, ExportState.REQUESTED)
    page.goto(f"/t/{person.team.slug}/exports/{found.pk}/")
    expect(page.locator("#export")).to_contain_text("Waiting for a worker")
    until = timezone.now() + timedelta(minutes=5)
    Export.objects.filter(pk=found.pk).update(
        state=ExportState.RUNNING, rows=250_000, total=1_000_000, leased_until=until
    )
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "250000")
    page.get_by_role("link", name="Look again").focus()
    finish(found)
    expect(page.get_by_role("link", name="Download the file")).to_be_focused()
    expect(page.locator("#toasts")).to_contain_text("The file is ready.")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the file").click()
    assert download.value.suggested_filename == "verity-rentals.csv"
    assert Path(download.value.path()).read_text() == "Rental\n1\n"
