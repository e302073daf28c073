"""Long lists as files: made in the background, for one person, with the rights they still have."""

import csv
import io
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest
from django.conf import settings
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook
from pytest_django.fixtures import Settings

from accounts import audit, operations
from accounts.actions import Action
from accounts.models import AuditEvent, Membership
from accounts.states import Role
from ledger.exports import files, listings, response
from ledger.exports.listings import Asked, Listing, Table
from ledger.models import ExchangeRate, Export
from ledger.nudges import nudge
from ledger.operations import exporting, pulse
from ledger.operations.exporting import make_next, purge
from ledger.states import ExportState
from rentals.models import Rental
from tests import processes
from tests.factories import make_rental
from tests.ledger.pages.making import make_exception, make_refund, make_transfer, make_wallet
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World
from tests.waiting import until

ROUTES = {
    "history_export": {"state": "waiting", "sort": "service"},
    "spend_export": {},
    "spend_table_export": {"by": "service", "sort": "name"},
    "refund_export": {"state": "awaited"},
    "exception_export": {"show": "open"},
    "rate_export": {},
    "audit_export": {"family": "money"},
    "statement_export": {},
}


@pytest.fixture(autouse=True)
def _short_is_long(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, settings: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Three rows are a long list. The pulse of another connection would see no row of a test that
    commits nothing, so there it beats in those alone that do."""
    monkeypatch.setattr(response, "AT_ONCE", 2)
    settings.EXPORTS_DIR = tmp_path / "exports"
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        monkeypatch.setattr(pulse, "EVERY", 600.0)


def fill(world: World) -> None:
    """Three rows and more for each list."""
    make_wallet(account=world.gig)
    for number in range(3):
        make_rental(world.member, world.gig, service_name=f"=Service {number}")
        make_refund(world.gig, reference=f"rental:{1000 + number}")
        make_exception(world.gig, str(number + 1))
        make_transfer(world.gig, amount="0.25", service=f"Service {number}")
        ExchangeRate.objects.create(
            team=world.team,
            day=date(2026, 3, number + 1),
            currency="NGN",
            into="USD",
            rate=Decimal("0.000652"),
            source="Bank",
            entered_by=world.finance.user,
            entered_at=timezone.now(),
        )
        audit.record(team=world.team, actor=world.finance.user, action=Action.MONTH_CLOSED)


def asked(who: Membership, name: str = "history_export", **query: Any) -> Any:
    more = {"wallet": query.pop("wallet")} if "wallet" in query else {}
    return signed_in(who).get(page(name, who.team, **more), query)


def ask(who: Membership, name: str = "history_export", **query: Any) -> Export:
    answer = asked(who, name, **query)
    assert answer.status_code == 302, words(answer)
    export = Export.objects.latest("pk")
    assert answer["Location"] == page("export_detail", who.team, export=export.pk)
    return export


def taken(who: Membership, export: Export) -> Any:
    return signed_in(who).get(page("export_file", who.team, export=export.pk))


def left() -> list[str]:
    folder = exporting._folder()
    return sorted(path.name for path in folder.iterdir())


def table(body: bytes, format_: str) -> list[tuple[Any, ...]]:
    if format_ == "csv":
        return [tuple(row) for row in csv.reader(io.StringIO(body.decode("utf-8-sig")))]
    sheet: Any = load_workbook(io.BytesIO(body)).active
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
@pytest.mark.parametrize("name", ROUTES)
def test_a_long_list_is_the_same_file_as_a_short_one(
    world: World, name: str, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world)
    query: dict[str, Any] = {**ROUTES[name], "format": format_}
    if name == "statement_export":
        query["wallet"] = world.gig.pk
    export = ask(world.finance, name, **query)
    assert make_next()
    assert not make_next()
    export.refresh_from_db()
    assert (export.state, export.problem) == (ExportState.READY, "")
    found = taken(world.finance, export)
    body = b"".join(found.streaming_content)
    monkeypatch.setattr(response, "AT_ONCE", 1000)
    short: Any = asked(world.finance, name, **query)
    expected = table(b"".join(short.streaming_content), format_)
    rows = table(body, format_)
    assert rows == expected
    assert len(rows) > 3
    assert export.rows == export.total == len(rows) - 1
    assert export.size == len(body) == int(found["Content-Length"])
    assert found["Content-Disposition"] == short["Content-Disposition"]
    assert found["Content-Disposition"].startswith("attachment")
    assert found["X-Content-Type-Options"] == "nosniff"


def test_a_short_list_comes_at_once(world: World) -> None:
    make_rental(world.member, world.gig)
    assert asked(world.member).status_code == 200
    assert not Export.objects.exists()


def test_it_says_how_far_it_is_and_then_where_the_file_is(world: World) -> None:
    fill(world)
    export = ask(world.member)
    address = page("export_detail", world.team, export=export.pk)
    waiting = signed_in(world.member).get(address)
    assert "Waiting for a worker" in words(waiting)
    assert 'hx-trigger="every 1s"' in waiting.text
    Export.objects.filter(pk=export.pk).update(
        state=ExportState.RUNNING, rows=1, total=3, leased_until=timezone.now()
    )
    part = signed_in(world.member).get(address, headers=HTMX)
    assert 'value="1" max="3"' in part.text
    assert "<html" not in part.text
    assert "33 %" in words(signed_in(world.member).get(page("export_list", world.team)))
    assert make_next()
    ready = signed_in(world.member).get(address, headers=HTMX)
    assert page("export_file", world.team, export=export.pk) in ready.text
    assert "hx-trigger" not in ready.text
    assert "The file is ready." in ready["HX-Trigger"]
    assert "HX-Trigger" not in part


def test_it_is_asked_for_once_while_it_is_being_made(world: World) -> None:
    fill(world)
    first = ask(world.member, state="waiting")
    assert ask(world.member, state="waiting", page=3) == first
    assert ask(world.member, state="live") != first
    assert ask(world.finance, state="waiting") != first
    assert AuditEvent.objects.filter(action=Action.EXPORT_ASKED).count() == 3
    while make_next():
        pass
    assert ask(world.member, state="waiting") != first


def test_a_person_has_five_files_made_at_most(world: World) -> None:
    fill(world)
    for number in range(exporting.MOST):
        ask(world.member, q="=", sort=f"{number}")
    refused = asked(world.member, q="=", sort="another")
    assert (refused.status_code, "Wait for one" in refused.text) == (409, True)
    assert Export.objects.count() == exporting.MOST
    ask(world.finance, q="=")


def test_an_address_that_no_row_can_hold_is_refused(world: World) -> None:
    fill(world)
    refused = asked(world.member, evil="x" * 3000)
    assert (refused.status_code, "too long" in refused.text) == (409, True)
    assert not Export.objects.exists()


def test_it_is_made_with_the_rights_of_that_moment(world: World) -> None:
    fill(world)
    late = ask(world.finance, "refund_export")
    operations.change_roles(membership=world.finance, roles=[Role.MEMBER], actor=world.admin.user)
    make_next()
    late.refresh_from_db()
    assert (late.state, left()) == (ExportState.FAILED, [])
    assert "role does not allow" in words(
        signed_in(world.finance).get(page("export_detail", world.team, export=late.pk))
    )


def test_others_rentals_are_in_no_file_that_is_made_after_the_role_went(world: World) -> None:
    for who in ("member", "colleague", "member"):
        make_rental(getattr(world, who), world.gig, service_name=who)
    export = ask(world.finance)
    operations.change_roles(membership=world.finance, roles=[Role.MEMBER], actor=world.admin.user)
    make_next()
    body = b"".join(taken(world.finance, export).streaming_content)
    assert len(table(body, "csv")) == 1  # the head: they have no rentals of their own


def test_a_file_is_refused_to_whose_role_went_since(world: World) -> None:
    for who in ("member", "colleague", "member"):
        make_rental(getattr(world, who), world.gig, service_name=who)
    export = ask(world.finance)
    make_next()
    operations.change_roles(membership=world.finance, roles=[Role.MEMBER], actor=world.admin.user)
    refused = taken(world.finance, export)
    assert (refused.status_code, refused.streaming) == (403, False)
    assert "another role" in words(refused)
    assert not AuditEvent.objects.filter(action=Action.EXPORTED).exists()
    operations.change_roles(
        membership=world.finance, roles=[Role.MEMBER, Role.FINANCE], actor=world.admin.user
    )
    assert taken(world.finance, export).status_code == 200


def test_who_left_gets_no_file_and_none_is_made(world: World) -> None:
    fill(world)
    made = ask(world.member)
    make_next()
    asked_for = ask(world.member, sort="price")
    operations.remove_member(membership=world.member, actor=world.admin.user)
    assert taken(world.member, made).status_code == 404
    make_next()
    asked_for.refresh_from_db()
    assert asked_for.state == ExportState.FAILED


@pytest.mark.parametrize("who", ["admin", "finance", "colleague", "stranger"])
def test_a_file_is_there_for_nobody_else(world: World, who: str) -> None:
    fill(world)
    export = ask(world.member)
    make_next()
    other = getattr(world, who)
    for route in ("export_detail", "export_file"):
        address = page(route, world.team, export=export.pk)
        assert signed_in(other).get(address).status_code == 404
    followed = page("export_detail", world.team, export=export.pk)
    said = signed_in(other).get(followed, headers=HTMX)
    if who == "stranger":
        assert said.status_code == 404
    else:
        assert said["HX-Redirect"] == page("export_list", world.team)
        assert not said.content
    foreign = page("export_file", world.stranger.team, export=export.pk)
    assert signed_in(world.stranger).get(foreign).status_code == 404
    delete = page("export_delete", world.team, export=export.pk)
    assert signed_in(other).post(delete).status_code == 404
    assert len(left()) == 1


def test_who_asked_and_who_took_it_is_on_record_without_the_number_searched_for(
    world: World,
) -> None:
    fill(world)
    Rental.objects.update(phone_raw="12025550142")
    number = "5550142"
    export = ask(world.member, q=number)
    make_next()
    b"".join(taken(world.member, export).streaming_content)
    asked_for = AuditEvent.objects.get(action=Action.EXPORT_ASKED)
    took = AuditEvent.objects.get(action=Action.EXPORTED)
    assert asked_for.actor == took.actor == world.member.user
    assert number not in str(asked_for.after)
    assert took.after == {"list": "rentals", "format": "csv", "rows": 3}


def test_the_file_is_closed_to_others_on_the_machine(world: World) -> None:
    fill(world)
    ask(world.member)
    make_next()
    folder = exporting._folder()
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert file.suffix == ".csv"


def test_one_is_made_at_a_time_and_taken_up_again_when_its_worker_dies(world: World) -> None:
    fill(world)
    first, second = ask(world.member), ask(world.member, sort="price")
    dead = exporting._claim(timezone.now())
    assert dead is not None
    assert dead.pk == first.pk
    assert not make_next()  # another worker holds the lease
    Export.objects.filter(pk=first.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert make_next()
    first.refresh_from_db()
    assert (first.state, first.attempts) == (ExportState.READY, 2)
    with pytest.raises(pulse.LeaseLost):  # it was silent, and not dead
        exporting._make(dead)
    assert left() == [first.file]
    assert make_next()
    second.refresh_from_db()
    assert second.state == ExportState.READY


def test_two_never_run_by_the_database_itself(world: World) -> None:
    fill(world)
    ask(world.member)
    ask(world.member, sort="price")
    assert exporting._claim(timezone.now()) is not None
    waiting = Export.objects.filter(state=ExportState.REQUESTED)
    assert exporting._begin(waiting) is None
    assert waiting.count() == 1


def test_what_breaks_off_again_and_again_is_given_up(world: World) -> None:
    fill(world)
    export, after = ask(world.member), ask(world.member, sort="price")
    for _ in range(exporting.TRIES):
        assert exporting._claim(timezone.now()) is not None
        Export.objects.filter(pk=export.pk).update(leased_until=timezone.now())
    assert make_next()
    export.refresh_from_db()
    after.refresh_from_db()
    assert (export.state, after.state) == (ExportState.FAILED, ExportState.READY)
    assert "three times" in export.problem


def test_a_folder_that_can_not_be_written_to_is_told(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    fill(world)
    export = ask(world.member)
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    settings.EXPORTS_DIR = blocked
    assert make_next()
    export.refresh_from_db()
    assert export.state == ExportState.FAILED
    assert "on our side" in export.problem
    assert str(tmp_path) not in export.problem


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of its archive
@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a_disk_that_is_full_at_the_end_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    """A sheet goes into its file when all of its rows are written down beside it."""
    fill(world)
    export = ask(world.member, format=format_)

    @contextmanager
    def on_a_full_disk(export: Export) -> Iterator[tuple[IO[bytes], Path]]:
        with Path("/dev/full").open("w+b", buffering=0) as file:
            yield file, exporting._folder() / "it.part"

    monkeypatch.setattr(exporting, "_unfinished_file", on_a_full_disk)
    assert make_next()
    export.refresh_from_db()
    assert (export.state, "disk is full" in export.problem) == (ExportState.FAILED, True)
    assert list(Path(settings.EXPORTS_DIR).iterdir()) == []


def test_a_folder_that_is_away_keeps_nobody_from_their_list_of_files(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    fill(world)
    export = ask(world.member)
    make_next()
    settings.EXPORTS_DIR = tmp_path / "blocked"
    settings.EXPORTS_DIR.write_text("")
    assert taken(world.member, export).status_code == 410
    address = page("export_delete", world.team, export=export.pk)
    assert signed_in(world.member).post(address).status_code == 302
    assert not Export.objects.exists()


def test_a_file_is_thrown_away_after_a_day(world: World) -> None:
    fill(world)
    export = ask(world.member)
    make_next()
    now = timezone.now()
    purge(now + timedelta(hours=23))
    assert len(left()) == 1
    Export.objects.filter(pk=export.pk).update(expires_at=now)
    assert taken(world.member, export).status_code == 410
    purge(now)
    assert left() == []
    export.refresh_from_db()
    assert (export.state, export.file) == (ExportState.EXPIRED, "")
    gone = taken(world.member, export)
    assert (gone.status_code, "Ask for the list anew" in words(gone)) == (410, True)
    purge(now + exporting.REMEMBERED + timedelta(minutes=1))
    assert not Export.objects.exists()


def test_a_file_that_is_lost_is_told(world: World) -> None:
    fill(world)
    export = ask(world.member)
    make_next()
    for path in exporting._folder().iterdir():
        path.unlink()
    assert taken(world.member, export).status_code == 410
    assert not AuditEvent.objects.filter(action=Action.EXPORTED).exists()


def test_what_dead_workers_left_is_swept_and_what_live_ones_write_is_not(world: World) -> None:
    fill(world)
    ask(world.member)
    make_next()
    ask(world.member, sort="price")
    running = exporting._claim(timezone.now())
    assert running is not None
    folder = exporting._folder()
    (ready,) = left()
    own = f"{running.pk}-{running.attempts}-abc.part"
    for name in (own, "1-1-abc.part", "openpyxl.abc"):
        folder.joinpath(name).write_text("x")
    purge(timezone.now())
    assert len(left()) == 4
    purge(timezone.now() + timedelta(hours=2))
    assert left() == sorted([own, ready])


def test_what_a_sheet_needs_on_the_way_lies_beside_it_and_goes_with_what_was_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is killed leaves it, with all that the list says."""
    folder = Path(settings.EXPORTS_DIR)
    fill(world)
    export = ask(world.member, format="xlsx")
    copied: list[str] = []

    def killed(book: Any) -> None:
        (made,) = (path for path in folder.iterdir() if path.is_dir())
        copied.append(made.name)
        shutil.copytree(made, folder / f"{made.name}-left")
        purge(timezone.now() + timedelta(hours=2))
        assert made.is_dir(), "its worker is at it"
        raise RuntimeError

    monkeypatch.setattr("xlsxwriter.Workbook.close", killed)
    assert make_next()
    assert copied[0].startswith(f"{export.pk}-1-")
    assert left() == [f"{copied[0]}-left"]
    assert any((folder / left()[0]).iterdir())
    purge(timezone.now())
    assert len(left()) == 1
    purge(timezone.now() + timedelta(hours=2))
    assert left() == []


def test_deleting_it_takes_the_file_along(world: World) -> None:
    fill(world)
    export = ask(world.member)
    make_next()
    address = page("export_delete", world.team, export=export.pk)
    assert signed_in(world.member).post(address).status_code == 302
    assert (left(), Export.objects.exists()) == ([], False)


def test_more_rows_than_a_sheet_holds_go_into_several(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SHEET_LIMIT", 3)
    for number in range(5):
        make_rental(world.member, world.gig, service_name=f"Service {number}")
    export = ask(world.member, format="xlsx", sort="service")
    make_next()
    body = b"".join(taken(world.member, export).streaming_content)
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(io.BytesIO(body))]
    assert [len(rows) for rows in sheets] == [3, 3, 2]
    assert {rows[0] for rows in sheets} == {sheets[0][0]}
    services = [row[1] for rows in sheets for row in rows[1:]]
    assert services == [f"Service {number}" for number in range(5)]


def test_days_times_and_amounts_are_such_in_a_sheet(world: World) -> None:
    """In the zone of whoever asked, who sees the page in it, too."""
    operations.change_profile(
        user=world.member.user, name="", language="", time_zone="Asia/Tokyo", hotkeys=True
    )
    at = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    for _ in range(3):
        make_rental(world.member, world.gig, at=at, charged=Decimal("0.1950"))
    export = ask(world.member, format="xlsx")
    make_next()
    head, row, *_ = table(b"".join(taken(world.member, export).streaming_content), "xlsx")
    found = dict(zip(head, row, strict=True))
    assert found["Requested"] == datetime(2026, 3, 2, 5, 30)
    assert found["Charged"] == 0.195


def test_what_breaks_off_leaves_no_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def rows() -> Iterator[list[int]]:
        yield [1]
        raise RuntimeError

    with pytest.raises(RuntimeError), (tmp_path / "it").open("xb") as file:
        files.write_into(file, "xlsx", ["a"], rows())
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


def test_a_page_of_files_costs_the_same_queries_however_many_there_are(world: World) -> None:
    fill(world)
    client = signed_in(world.member)

    def queries() -> int:
        with CaptureQueriesContext(connection) as made:
            client.get(page("export_list", world.team))
        return len(made)

    ask(world.member)
    queries()  # the first one of a session writes down the team
    few = queries()
    for number in range(3):
        ask(world.member, sort=f"{number}")
    assert queries() == few


def test_nobody_has_long_lists_at_first(world: World) -> None:
    assert "No long lists yet" in words(
        signed_in(world.member).get(page("export_list", world.team))
    )


class Gate:
    """A list whose rows wait until a test lets them through."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()

    def table(self, asked: Asked) -> Table:
        return Table("gate", ["Number"], range(4), self._rows)

    def _rows(self) -> Iterator[list[int]]:
        for number in range(4):
            if number == 3:
                self.begun.set()
                assert self.open.wait(30)
            yield [number]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(pulse, "EVERY", 0.05)
    monkeypatch.setitem(listings._listings, "gate", Listing("gate", "Gate", gate.table))
    return gate


def begun(who: Membership, gate: Gate) -> tuple[Export, threading.Thread]:
    """An export of the gate that a thread is making, up to its last row."""
    there = listings.listing("gate")
    export = exporting.ask(
        membership=who,
        listing=there,
        table=gate.table(Asked(who, QueryDict(), timezone.now())),
        about=None,
        query=QueryDict(),
        format_="csv",
        now=timezone.now(),
    )

    def work() -> None:
        try:
            make_next()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert gate.begun.wait(10)
    return export, thread


@pytest.mark.django_db(transaction=True)
def test_the_row_tells_how_far_it_is_and_keeps_the_lease(world: World, gate: Gate) -> None:
    export, thread = begun(world.member, gate)
    try:
        until(lambda: _row(export).rows == 3, "three rows are told")
        assert (_row(export).total, _row(export).percent) == (4, 75)
        Export.objects.update(leased_until=timezone.now())
        until(lambda: _row(export).leased_until > timezone.now(), "the lease is renewed")
    finally:
        gate.open.set()
        thread.join(10)
    assert (_row(export).state, _row(export).rows) == (ExportState.READY, 4)


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_meanwhile_is_made_no_further(world: World, gate: Gate) -> None:
    export, thread = begun(world.member, gate)
    try:
        exporting.discard(export=export)
        until(lambda: any(t.name == "export-pulse" for t in threading.enumerate()), "it beats")
    finally:
        threading.Timer(0.5, gate.open.set).start()
        thread.join(10)
    assert (left(), Export.objects.exists()) == ([], False)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_costs_no_file(
    world: World, fresh_database: str, tmp_path: Path
) -> None:
    for _ in range(3):
        make_rental(world.member, world.gig)
    export = ask(world.member)
    environment = processes.environment(EXPORTS_DIR=str(tmp_path / "exports"))
    with connection.cursor() as cursor, processes.worker(environment, "bulk") as worker:
        cursor.execute("BEGIN; LOCK TABLE rentals_rental IN ACCESS EXCLUSIVE MODE")
        nudge(exporting.MAKE)
        until(lambda: _row(export).state == ExportState.RUNNING, "it is being made")
        worker.kill()
        cursor.execute("ROLLBACK")
    assert _row(export).state == ExportState.RUNNING
    Export.objects.update(leased_until=timezone.now())
    with processes.worker(environment, "bulk"):
        nudge(exporting.MAKE)
        until(lambda: _row(export).state == ExportState.READY, "another worker made it")
    assert _row(export).attempts == 2
    body = b"".join(taken(world.member, _row(export)).streaming_content)
    assert len(table(body, "csv")) == 4


def _row(export: Export) -> Any:
    return Export.objects.get(pk=export.pk)
