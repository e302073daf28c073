"""The audit log's page: who reads what of it, narrowed, paged, looked at closely and taken away."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from accounts import audit
from accounts.actions import Action
from accounts.models import AuditEvent, Membership
from accounts.trail import entries as trail
from accounts.trail.entries import Place
from ledger.models import ClosedMonth
from rentals.states import RentalState
from tests.factories import make_member, make_refund, make_rental, make_team
from tests.ledger.pages.making import make_exception
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

NASTY = ["\0", "a\0b", "'", '"><script>', "%", ":*", "!", "& |", "\\", "9" * 400, "-1", "\ud7ff"]
NASTY += ["💥" * 200, "٣", "1e9", "9999-12-31", "0001-01-01", "1-1", "99999999999999999-1"]
PARAMETERS = (
    "q", "since", "until", "person", "family", "action", "kind", "number", "address", "before",
    "after", "page",
)  # fmt: skip


def make(by: Membership | None, action: Action = Action.ROLES_CHANGED, **more: Any) -> AuditEvent:
    team = more.pop("team", by.team if by else None)
    return audit.record(team=team, actor=by.user if by else None, action=action, **more)


def listed(who: Membership, **query: Any) -> list[int]:
    """The events that the page lists, by number."""
    response = signed_in(who).get(page("audit_log", who.team), query)
    assert response.status_code == 200
    results = response.text.partition('id="results"')[2]
    return [int(pk) for pk in re.findall(r"/audit/(\d+)/", results)]


def table(who: Membership, **query: Any) -> list[dict[str, str]]:
    response: Any = signed_in(who).get(page("audit_export", who.team), query)
    assert response.status_code == 200
    body = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def test_an_admin_reads_all_of_it_and_finance_what_is_of_money(world: World) -> None:
    roles, month = make(world.admin), make(world.finance, Action.MONTH_CLOSED)
    foreign = make(world.stranger)
    assert listed(world.admin) == [month.pk, roles.pk]
    assert listed(world.finance) == [month.pk]
    for who, event, status in (
        (world.admin, roles, 200),
        (world.finance, month, 200),
        (world.finance, roles, 404),
        (world.admin, foreign, 404),
    ):
        address = page("audit_event", world.team, event=event.pk)
        assert signed_in(who).get(address).status_code == status
    assert {row["Event"] for row in table(world.finance)} == {str(month.pk)}


def test_finance_is_offered_no_filter_that_shows_what_else_there_is(world: World) -> None:
    make(world.finance, Action.MONTH_CLOSED)
    response = signed_in(world.finance).get(page("audit_log", world.team))
    assert "Month closed" in response.text
    for word in ("Signed in", "API key replaced", "Codes shown"):
        assert word not in response.text
    asked = signed_in(world.finance).get(page("audit_log", world.team), {"family": "codes"})
    assert asked.status_code == 422


def test_each_filter_narrows_to_what_it_says(world: World) -> None:
    rental = make_rental(world.member, world.gig)
    shown = make(world.admin, Action.CODE_SHOWN, object=rental, reason="Fraud case Zebra")
    other = make(world.member, Action.RENTAL_REQUESTED, object=rental)
    team = make(world.admin, Action.TEAM_SETTINGS_CHANGED, object=world.team)
    assert listed(world.admin, person=world.admin.user.pk) == [team.pk, shown.pk]
    assert listed(world.admin, family="codes") == [shown.pk]
    assert listed(world.admin, action="rental.requested") == [other.pk]
    about = {"kind": "rentals.rental", "number": rental.pk}
    assert listed(world.admin, **about) == [other.pk, shown.pk]
    assert listed(world.admin, **about, q="zeb fraud") == [shown.pk]
    assert listed(world.admin, q=rental.service_name) == [other.pk, shown.pk]
    assert listed(world.admin, q="zebra nothing") == []
    assert listed(world.admin, q="...") == []
    assert listed(world.admin, q="", family="") == [team.pk, other.pk, shown.pk]


@pytest.mark.parametrize(("common", "few"), [(20, 5000), (2, 5000), (20, 1), (20, 0)])
def test_a_search_finds_the_same_by_each_way(
    world: World, monkeypatch: pytest.MonkeyPatch, common: int, few: int
) -> None:
    monkeypatch.setattr(trail, "COMMON", common)
    monkeypatch.setattr(trail, "FEW", few)
    wanted = [make(world.admin, reason=f"Zebra {n}").pk for n in range(3)]
    make(world.admin, reason="Another")
    make(world.stranger, reason="Zebra")
    assert listed(world.admin, q="zeb") == wanted[::-1]
    assert listed(world.admin, q="zeb", family="codes") == []
    assert listed(world.admin, q="zebra 2") == wanted[2:]


def test_addresses_and_days_narrow(world: World) -> None:
    client = signed_in(world.admin)
    form = {"name": "Renamed", "time_zone": "Europe/Rome", "reporting_currency": "USD"}
    client.post(page("team_settings", world.team), form, REMOTE_ADDR="2001:db8::7")
    event = AuditEvent.objects.get()
    assert listed(world.admin, address="2001:DB8:0::7") == [event.pk]
    assert listed(world.admin, address="192.0.2.1") == []
    day = timezone.localdate()
    assert listed(world.admin, since=day - timedelta(days=1), until=day + timedelta(days=1))
    assert listed(world.admin, until=day - timedelta(days=2)) == []
    assert listed(world.admin, since=day + timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"address": "my laptop"}, "192.0.2.1"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "before the first"),
        ({"number": "5"}, "under About"),
        ({"person": "0"}, "Who"),
        ({"since": "soon"}, "valid date"),
    ],
)
def test_a_filter_that_says_nothing_shows_nothing_and_says_why(
    world: World, query: dict[str, str], said: str
) -> None:
    make(world.admin)
    client = signed_in(world.admin)
    for headers, status in (({}, 422), (HTMX, 200)):
        response = client.get(page("audit_log", world.team), query, headers=headers)
        assert response.status_code == status
        assert said in words(response)
        assert "Roles changed</a>" not in response.text
    refused = client.get(page("audit_export", world.team), query)
    assert refused.status_code == 422
    assert said in refused.content.decode()
    assert not AuditEvent.objects.filter(action=Action.TRAIL_EXPORTED).exists()


def test_three_kinds_of_nothing(world: World) -> None:
    assert "Nothing is recorded yet" in words(
        signed_in(world.finance).get(page("audit_log", world.team))
    )
    make(world.admin)
    client, address = signed_in(world.admin), page("audit_log", world.team)
    assert "No event matches" in words(client.get(address, {"q": "nothing"}))
    assert "no more events" in words(client.get(address, {"before": "1-1"}))


def test_paging_shows_each_event_once_though_others_come_and_times_are_equal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "PAGE", 3)
    at = datetime(2026, 5, 1, tzinfo=UTC)
    with monkeypatch.context() as same_time:
        same_time.setattr(timezone, "now", lambda: at)
        expected = [make(world.admin).pk for _ in range(8)][::-1]
    client, address = signed_in(world.admin), page("audit_log", world.team)
    seen, link = [], ""
    while True:
        response = client.get(f"{address}{link}")
        results = response.text.partition('id="results"')[2]
        seen += [int(pk) for pk in re.findall(r"/audit/(\d+)/", results)]
        make(world.admin)  # newer than all: moves nothing
        older = re.search(r'href="[^"]*(\?[^"]*before=[^"]*)"', results)
        if older is None:
            break
        link = older[1]
    assert seen == expected
    before = re.search(r'rel="prev" href="[^"]*(\?[^"]*after=[^"]*)"', results)
    assert before is not None
    back = client.get(f"{address}{before[1]}").text.partition('id="results"')[2]
    assert [int(pk) for pk in re.findall(r"/audit/(\d+)/", back)] == expected[3:6]


def test_a_place_reads_what_it_writes() -> None:
    place = Place(datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC), 42)
    assert Place.read(str(place)) == place


def test_an_event_shows_what_was_before_and_after(world: World) -> None:
    rental = make_rental(world.member, world.gig)
    event = make(
        world.admin,
        Action.CODE_SHOWN,
        object=rental,
        before={"roles": ["member"], "gone": "x"},
        after={"roles": ["member", "admin"], "deep": {"is_on": True}, "tag": "<b>"},
        reason="Because",
    )
    response = signed_in(world.admin).get(page("audit_event", world.team, event=event.pk))
    said = words(response)
    assert "Roles member member, admin" in said
    assert "Gone x \N{EN DASH}" in said
    assert "Deep: is on \N{EN DASH} yes" in said
    assert "&lt;b&gt;" in response.text
    assert page("rental_detail", world.team, rental=rental.pk) in response.text
    assert f"?kind=rentals.rental&amp;number={rental.pk}" in response.text
    assert "Because" in said


@pytest.mark.parametrize("who", ["admin", "finance", "member"])
def test_a_rentals_page_leads_to_its_trail_whom_may_read_it(world: World, who: str) -> None:
    rental = make_rental(world.member, world.gig)
    response = signed_in(getattr(world, who)).get(
        page("rental_detail", world.team, rental=rental.pk)
    )
    link = f"{page('audit_log', world.team)}?kind=rentals.rental&amp;number={rental.pk}"
    assert (link in response.text) == (who != "member")


def test_the_file_has_exactly_what_is_filtered_and_is_itself_recorded(world: World) -> None:
    for reason in ("=1+1", "plain"):
        make(world.admin, Action.CODE_SHOWN, reason=reason, after={"n": 1})
    make(world.admin)
    rows = table(world.admin, family="codes", before="1-1")
    assert [row["Reason"] for row in rows] == ["plain", "'=1+1"]
    assert rows[0]["Action"] == "Code of another member shown"
    assert rows[0]["After"] == '{"n": 1}'
    assert rows[0]["E-mail address"] == world.admin.user.email
    recorded = AuditEvent.objects.latest("pk")
    assert recorded.action == Action.TRAIL_EXPORTED
    assert recorded.after == {"list": "audit", "format": "csv", "filters": {"family": "codes"}}
    assert not recorded.is_money


def test_it_costs_as_many_queries_however_much_there_is(world: World) -> None:
    client, address = signed_in(world.admin), page("audit_log", world.team)
    make(world.admin)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _ in range(30):
        make(make_member(world.team))
    with CaptureQueriesContext(connection) as many:
        response = client.get(address)
    assert len(re.findall(r"/audit/\d+/", response.text)) == 31
    assert len(many) == len(few)


def test_whoever_left_the_team_can_still_be_asked_for(world: World) -> None:
    gone = make_member(world.team)
    event = make(gone)
    gone.delete()
    make_member(make_team(), user=gone.user)
    assert listed(world.admin, person=gone.user.pk) == [event.pk]


@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_a_nasty_parameter_is_no_error(world: World, value: str) -> None:
    make(world.admin)
    client = signed_in(world.admin)
    for parameter in PARAMETERS:
        for name in ("audit_log", "audit_export"):
            response: Any = client.get(page(name, world.team), {parameter: value})
            assert response.status_code in (200, 422), (name, parameter, value)
            if not response.streaming:
                assert "<script>" not in response.text.partition("<main")[2]


def test_what_it_is_about_is_said_in_words_and_leads_there(world: World) -> None:
    rental = make_rental(world.member, world.gig, RentalState.CANCELLED)
    refund = make_refund(rental)
    exception = make_exception(world.gig)
    month = ClosedMonth(pk=7, wallet=world.gig, month=date(2026, 8, 1))
    told = {
        make(world.finance, Action.REFUND_WRITTEN_OFF, object=refund).pk: (
            f"Refund for rental #{rental.pk} Refund #{refund.pk}",
            page("refund_detail", world.team, refund=refund.pk),
        ),
        make(world.finance, Action.EXCEPTION_RESOLVED, object=exception).pk: (
            f"Purchase that nobody here made Exception #{exception.pk}",
            page("exception_detail", world.team, exception=exception.pk),
        ),
        make(world.finance, Action.MONTH_CLOSED, object=month).pk: (
            "August 2026 Closed month #7",
            page("month_list", world.team),
        ),
    }
    client = signed_in(world.finance)
    lines = client.get(page("audit_log", world.team)).text.split("<tr>")
    for pk, (said, address) in told.items():
        (line,) = [each for each in lines if f"/audit/{pk}/" in each]
        assert said in " ".join(strip_tags(line).split())
        assert f'href="{address}"' in line
        one = client.get(page("audit_event", world.team, event=pk))
        assert said in words(one)
        assert f'href="{address}"' in one.text
