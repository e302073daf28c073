"""The alerts page, the bell and the limits, as each role sees them."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, Membership
from alerts.models import Alert, TeamLimits, WalletLimits
from alerts.states import Kind, Severity
from tests.alerts.making import make_alert
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World


def said(membership: Membership, **address: Any) -> str:
    response = signed_in(membership).get(page("alert_list", membership.team), address)
    assert response.status_code == 200
    return words(response)


def bell(membership: Membership) -> str:
    return words(signed_in(membership).get(page("alert_bell", membership.team)))


def three(world: World) -> None:
    make_alert(world, Kind.LOW_WALLET, title="Low one")
    make_alert(world, Kind.KEY_REFUSED, title="Refused one", severity=Severity.CRITICAL)
    make_alert(world, Kind.IN_DOUBT, title="Doubtful one", member=world.member.user)


def test_each_reads_what_is_theirs_to_read(world: World) -> None:
    three(world)
    seen = {
        name: [title for title in ("Low one", "Refused one", "Doubtful one") if title in text]
        for name in ("admin", "finance", "member", "colleague", "stranger")
        if (text := said(getattr(world, name))) is not None
    }
    assert seen == {
        "admin": ["Low one", "Refused one", "Doubtful one"],
        "finance": ["Low one", "Doubtful one"],
        "member": ["Doubtful one"],
        "colleague": [],
        "stranger": [],
    }


def test_the_bell_counts_what_is_theirs_and_nobody_has_taken_on(world: World) -> None:
    three(world)
    assert bell(world.admin) == "Alerts 3 that nobody has taken on"
    assert bell(world.finance) == "Alerts 2 that nobody has taken on"
    assert bell(world.member) == "Alerts 1 that nobody has taken on"
    assert bell(world.colleague) == "Alerts"
    low = Alert.objects.get(kind=Kind.LOW_WALLET)
    address = page("alert_acknowledge", world.team, alert=low.pk)
    assert signed_in(world.finance).post(address).status_code == 302
    assert bell(world.admin) == "Alerts 2 that nobody has taken on"
    assert f"Taken on by {world.finance.user}" in said(world.admin)
    event = AuditEvent.objects.get(action="alert.acknowledged")
    assert (event.actor, event.object_id) == (world.finance.user, str(low.pk))


def test_the_bell_is_on_every_page_of_the_team(world: World) -> None:
    three(world)
    for name in ("board", "rental_list", "spend"):
        assert 'id="bell"' in signed_in(world.member).get(page(name, world.team)).text


def test_htmx_gets_the_line_and_the_bell(world: World) -> None:
    alert = make_alert(world)
    client = signed_in(world.finance)
    address = page("alert_acknowledge", world.team, alert=alert.pk)
    response = client.post(address, headers=HTMX)
    assert f'id="alert-{alert.pk}"' in response.text
    assert 'id="bell"' in response.text and "hx-swap-oob" in response.text
    assert "You have taken it on." in response["HX-Trigger"]
    again = client.post(address, headers=HTMX)
    assert "already" in again["HX-Trigger"]


@pytest.mark.parametrize(("who", "kind"), [("finance", Kind.KEY_REFUSED), ("stranger", None)])
def test_what_is_not_theirs_is_not_taken_on(world: World, who: str, kind: Kind | None) -> None:
    alert = make_alert(world, kind or Kind.LOW_WALLET)
    address = page("alert_acknowledge", world.team, alert=alert.pk)
    assert signed_in(getattr(world, who)).post(address).status_code == 404
    alert.refresh_from_db()
    assert alert.acknowledged_by is None
    assert not AuditEvent.objects.filter(action="alert.acknowledged").exists()


def test_ones_own_is_read_and_not_taken_on(world: World) -> None:
    alert = make_alert(world, Kind.IN_DOUBT, member=world.member.user)
    address = page("alert_acknowledge", world.team, alert=alert.pk)
    assert signed_in(world.member).post(address).status_code == 403
    alert.refresh_from_db()
    assert alert.acknowledged_by is None
    assert "Take on" not in said(world.member)


def test_filters_are_in_the_address(world: World) -> None:
    three(world)
    make_alert(world, Kind.OVERDUE_REFUND, title="Past one", closed_at=timezone.now())
    assert "Past one" not in said(world.admin)
    assert "Past one" in said(world.admin, show="closed")
    assert "1 alert " in said(world.admin, kind="low_wallet")
    assert "Refused one" in said(world.admin, severity=2)
    assert "1 alert " in said(world.admin, severity=2)
    assert "Doubtful one" in said(world.admin, q="doubt")
    assert "No alert matches" in said(world.admin, q="nothing\0like it")
    assert "3 alerts" in said(world.admin, taken="no")
    assert "No alert matches" in said(world.admin, taken="yes")


def test_the_worst_comes_first(world: World) -> None:
    three(world)
    text = said(world.admin)
    assert text.index("Refused one") < text.index("Low one")


def test_three_kinds_of_nothing(world: World) -> None:
    assert "Nothing has been wrong" in said(world.admin)
    make_alert(world, closed_at=timezone.now())
    assert "Nothing is wrong" in said(world.admin)
    assert "No alert matches" in said(world.admin, q="elsewhere")


def test_as_many_queries_for_more_alerts(world: World) -> None:
    client, address = signed_in(world.admin), page("alert_list", world.team)
    counts = []
    for number in range(1, 12):
        make_alert(world, subject=f"account:{number}", member=world.member.user)
        if number in (1, 11):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            counts.append(len(queries))
    assert counts[0] == counts[1]


# --- limits ---


def form(world: World, **fields: Any) -> dict[str, Any]:
    empty = {f"{name}_{a.pk}": "" for a in (world.gig, world.villa) for name in ("low", "fall")}
    return {**empty, "doubt_minutes": 10, "missed_codes": 3, **fields}


def test_an_admin_sets_the_limits(world: World) -> None:
    client, address = signed_in(world.admin), page("alert_limits", world.team)
    sent = form(world, doubt_minutes=20, **{f"low_{world.gig.pk}": "5.5"})
    assert client.post(address, sent).status_code == 302
    assert TeamLimits.objects.get(team=world.team).doubt_minutes == 20
    kept = WalletLimits.objects.get(account=world.gig)
    assert (kept.low, kept.fall) == (Decimal("5.5"), None)
    event = AuditEvent.objects.get(action="alert.limits_changed")
    assert event.before["doubt_minutes"] == 10
    assert event.after["wallets"][world.gig.label] == {"low": "5.5"}
    assert 'value="5.5"' in client.get(address).text
    client.post(address, form(world, doubt_minutes=20, **{f"low_{world.gig.pk}": "50.00"}))
    assert 'value="50"' in client.get(address).text
    client.post(address, form(world, doubt_minutes=20, **{f"low_{world.gig.pk}": "50"}))
    assert AuditEvent.objects.filter(action="alert.limits_changed").count() == 2


@pytest.mark.parametrize("wrong", ["0", "-1", "NaN", "1e20", "lots", "1.23456"])
def test_an_amount_that_is_none_is_refused(world: World, wrong: str) -> None:
    sent = form(world, **{f"low_{world.gig.pk}": wrong, f"fall_{world.villa.pk}": "7"})
    response = signed_in(world.admin).post(page("alert_limits", world.team), sent)
    assert response.status_code == 422
    assert not WalletLimits.objects.exists()
    assert not TeamLimits.objects.exists()


def test_another_teams_wallet_is_left_alone(world: World) -> None:
    sent = form(world, **{f"low_{world.gig.pk}": "5"})
    other = signed_in(world.stranger)
    assert other.post(page("alert_limits", world.stranger.team), sent).status_code == 302
    assert not WalletLimits.objects.exists()
