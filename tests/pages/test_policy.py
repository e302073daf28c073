"""The team's policy: read by everybody, set by admins, and said beforehand where one rents."""

import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import Action
from accounts.models import AuditEvent, Team
from rentals.models import Policy, Rental
from rentals.policy import PurposeRule
from tests.factories import make_offer
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World

EMPTY = {"purpose_rule": "optional", "auto_cancel": "on", "shares_board": "", "version": "0"}
FULL = EMPTY | {
    "services": "Airmail\r\n\r\nPOSTBOX\r\nairmail",
    "highest_USD": "0.5",
    "highest_NGN": "1200",
    "purpose_rule": "ticket",
    "tickets": "QA-#\r\nINC###",
    "most_live": "3",
    "keep_days": "30",
    "purges_numbers": "on",
    "auto_cancel": "",
    "shares_board": "on",
}


def ruled(world: World, **rules: Any) -> None:
    Policy.objects.update_or_create(team=world.team, defaults=rules)


def names(response: Any) -> list[str]:
    return [offer.name for offer in response.context["found"].offers]


def test_an_admin_sets_it_and_everybody_reads_it(world: World) -> None:
    make_offer(world.gig, "Airmail")
    make_offer(world.villa, "Postbox")
    response = signed_in(world.admin).post(page("policy_change", world.team), FULL)
    assert response["Location"] == page("policy", world.team)
    policy, team = Policy.objects.get(), Team.objects.get(pk=world.team.pk)
    assert policy.services == ["Airmail", "POSTBOX"]
    assert policy.terms.highest == {"USD": Decimal("0.5"), "NGN": Decimal(1200)}
    assert (policy.purpose_rule, policy.tickets) == ("ticket", ["QA-#", "INC###"])
    assert (policy.keep_days, policy.purges_numbers) == (30, True)
    assert (policy.most_live, team.auto_cancel, team.shares_board) == (3, False, True)
    for reader in (world.member, world.finance, world.admin):
        said = words(signed_in(reader).get(page("policy", world.team)))
        for part in ("Airmail, POSTBOX", "USD 0.50", "NGN 1,200.00", "QA-#", "3 at once",
                     "left to end", "Everyone who rents",
                     "Removed after 30 days", "Removed 30 days after a rental",
                     str(world.admin.user)):  # fmt: skip
            assert part in said


def test_without_rules_the_page_says_so(world: World) -> None:
    said = words(signed_in(world.member).get(page("policy", world.team)))
    for part in (
        "Services allowed All",
        "Highest price Any",
        "May be left empty",
        "Any number",
        "Texts and codes Kept",
        "Phone numbers Kept",
    ):
        assert part in said


def test_the_form_holds_what_is_kept(world: World) -> None:
    make_offer(world.gig, "Airmail")
    make_offer(world.villa, "Postbox")
    client, address = signed_in(world.admin), page("policy_change", world.team)
    client.post(address, FULL)
    form = client.get(address).context["form"]
    again = {name: form[name].value() for name in form.fields}
    again["auto_cancel"] = ""
    before = Policy.objects.values().get(), AuditEvent.objects.count()
    assert client.post(address, again).status_code == 302
    assert (Policy.objects.values().get(), AuditEvent.objects.count()) == before


def test_a_change_is_on_record_with_what_was_before(world: World) -> None:
    client, address = signed_in(world.admin), page("policy_change", world.team)
    client.post(address, EMPTY | {"most_live": "3"})
    client.post(address, EMPTY | {"most_live": "5", "shares_board": "on", "version": "1"})
    changed = AuditEvent.objects.filter(action=Action.POLICY_CHANGED).order_by("-pk")[0]
    assert (changed.before, changed.after) == ({"most_live": 3}, {"most_live": 5})
    assert changed.actor == world.admin.user
    shared = AuditEvent.objects.get(action=Action.TEAM_SETTINGS_CHANGED)
    assert (shared.before, shared.after) == ({"shares_board": False}, {"shares_board": True})
    log = signed_in(world.admin).get(page("audit_event", world.team, event=changed.pk))
    assert page("policy", world.team) in log.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"services": "Airmial"}, "“Airmial”. Airmail is there."),
        ({"services": "Qqqq"}, "“Qqqq”. See the board."),
        ({"highest_USD": "-1"}, "greater than or equal to 0"),
        ({"highest_USD": "cheap"}, "Enter a number"),
        ({"highest_NGN": "0.00001"}, "no more than 4 decimal places"),
        ({"purpose_rule": "listed"}, "Give the purposes to choose from"),
        ({"purpose_rule": "ticket", "tickets": "QA-1"}, "“QA-1” has no #"),
        ({"tickets": "(a+)+#"}, ""),
        ({"purpose_rule": ""}, "required"),
        ({"purpose_rule": "x"}, "not one of the available choices"),
        ({"most_live": "0"}, "greater than or equal to 1"),
        ({"shares_board": "x"}, "not one of the available choices"),
        ({"keep_days": "0"}, "greater than or equal to 1"),
        ({"keep_days": "3651"}, "less than or equal to 3650"),
        ({"purges_numbers": "on"}, "Say after how many days"),
        ({"services": "a\u202eb"}, "a character that can’t be shown"),
        ({"version": ""}, "The form was incomplete"),
        ({"version": "x"}, "The form was incomplete"),
        ({"version": "-1"}, "Somebody has changed this policy meanwhile"),
        ({"version": "9" * 30}, "Somebody has changed this policy meanwhile"),
    ],
)
def test_a_form_that_makes_no_sense_says_why_and_changes_nothing(
    world: World, changes: dict[str, str], said: str
) -> None:
    make_offer(world.gig, "Airmail")
    ruled(world, most_live=7)
    before = Policy.objects.values().get(), Team.objects.values().get(pk=world.team.pk)
    sent = EMPTY | {"most_live": "9", "shares_board": "on"} | changes
    response = signed_in(world.admin).post(page("policy_change", world.team), sent)
    after = Policy.objects.values().get(), Team.objects.values().get(pk=world.team.pk)
    if said:
        assert response.status_code == 422
        assert said in words(response)
        assert after == before
        assert not AuditEvent.objects.exclude(action=Action.SIGNED_IN).exists()
    else:  # odd, and matched as it is written
        assert response.status_code == 302


@pytest.mark.parametrize(
    "change", [{"keep_days": ""}, {"shares_board": "on"}, {"auto_cancel": ""}, {"most_live": "4"}]
)
def test_whoever_has_not_seen_the_latest_change_undoes_nothing(
    world: World, change: dict[str, str]
) -> None:
    """Texts that were to be kept would be gone for good, for one."""
    ruled(world, keep_days=30)
    client, address = signed_in(world.admin), page("policy_change", world.team)
    seen = client.get(address).context["form"]["version"].value()
    sent = EMPTY | {"keep_days": "30", "version": seen}
    assert client.post(address, sent | change).status_code == 302
    before = state(world)
    response = client.post(address, sent | {"keep_days": "1", "tickets": "QA-#"})
    assert response.status_code == 422
    assert "Somebody has changed this policy meanwhile" in words(response)
    assert state(world) == before
    assert 'value="1"' in response.text and "QA-#</textarea>" in response.text
    assert client.post(address, sent | {"tickets": "QA-#"}).status_code == 422  # again, as stale
    latest = client.get(address).context["form"]["version"].value()
    assert client.post(address, sent | {"version": latest}).status_code == 302


def state(world: World) -> tuple[object, ...]:
    return (
        Policy.objects.values().get(),
        Team.objects.values().get(pk=world.team.pk),
        AuditEvent.objects.count(),
    )


def test_of_two_who_decide_first_the_second_has_to_look_again(world: World) -> None:
    client, address = signed_in(world.admin), page("policy_change", world.team)
    assert client.post(address, EMPTY | {"most_live": "3"}).status_code == 302
    assert client.post(address, EMPTY | {"most_live": "9"}).status_code == 422
    assert Policy.objects.get().most_live == 3


def test_a_service_that_is_gone_from_the_catalogue_can_stay(world: World) -> None:
    make_offer(world.gig, "Airmail")
    ruled(world, services=["Long gone"])
    sent = EMPTY | {"services": "Long gone\nAirmail"}
    assert signed_in(world.admin).post(page("policy_change", world.team), sent).status_code == 302


def test_offers_that_are_not_allowed_are_marked_and_come_last(world: World) -> None:
    make_offer(world.gig, "Alpha", price=Decimal(9))
    make_offer(world.gig, "Beta")
    make_offer(world.villa, "Gamma", price=Decimal(900))
    ruled(world, services=["alpha", "GAMMA"], highest={"USD": "0.5"})
    response = signed_in(world.member).get(page("board", world.team))
    assert names(response) == ["Gamma", "Alpha", "Beta"]
    assert len(re.findall(r'<input type="radio" name="offer"[^>]* disabled>', response.text)) == 2
    said = words(response)
    assert "Highest price: It costs USD 9.00, and the team allows up to USD 0.50." in said
    assert "Services allowed: Beta is not among the services" in said
    assert f"Who can change the team’s policy: {world.admin.user}." in said
    allowed = signed_in(world.member).get(page("offer_list", world.team), {"q": "airmail"})
    assert "Who can change" not in words(allowed)


def test_the_only_match_is_not_chosen_where_it_is_not_allowed(world: World) -> None:
    make_offer(world.gig, "Airmail")
    ruled(world, services=["Postbox"])
    response = signed_in(world.member).get(page("offer_list", world.team), {"q": "air"})
    assert "chosen" not in response.context or response.context["chosen"] is None


def test_marking_asks_nothing_more_of_the_database(world: World) -> None:
    ruled(world, services=["Service 1"], highest={"USD": "0.5"})
    client, counts = signed_in(world.member), []
    client.get(page("offer_list", world.team))
    for number in (1, 20):
        for each in range(number):
            make_offer(world.gig, f"Service {number} {each}")
        with CaptureQueriesContext(connection) as asked:
            client.get(page("offer_list", world.team))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_form_asks_for_the_purpose_that_the_team_wants(world: World) -> None:
    make_offer(world.gig, "Airmail")
    address = page("board", world.team)
    client = signed_in(world.member)
    assert "Purpose (optional)" in words(client.get(address))
    ruled(world, purpose_rule=PurposeRule.LISTED, purposes=["Sign-up", "<Support>"])
    listed = client.get(address)
    assert '<option value="&lt;Support&gt;">' in listed.text
    assert "Purpose (optional)" not in words(listed)
    ruled(world, purpose_rule=PurposeRule.TICKET, tickets=["QA-#"])
    assert "A ticket, such as QA-123" in words(client.get(address))


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_refusal_names_each_rule_and_who_can_change_it(
    world: World, headers: dict[str, str]
) -> None:
    offer = make_offer(world.gig, "Airmail")
    ruled(
        world,
        services=["Postbox"],
        highest={"USD": "0.10"},
        purpose_rule=PurposeRule.LISTED,
        purposes=["Sign-up"],
    )
    sent = {"offer": offer.pk, "request_key": str(uuid.uuid4()), "purpose": "<Holiday>"}
    client = signed_in(world.member)
    before = AuditEvent.objects.count()
    response = client.post(page("rental_create", world.team), sent, headers=headers)
    assert response.status_code == 422
    said = words(response)
    for part in ("Services allowed:", "Highest price:", "Purpose:", str(world.admin.user)):
        assert part in said
    assert not Rental.objects.exists()
    client.post(page("rental_create", world.team), sent, headers=headers)
    (stop,) = AuditEvent.objects.filter(action=Action.STOPPED_BY_POLICY)
    assert AuditEvent.objects.count() == before + 1
    assert stop.after["rules"] == ["service", "price", "purpose"]
    assert stop.address == "127.0.0.1"
    assert "Holiday" not in stop.words
    log = page("audit_log", world.team)
    found = signed_in(world.admin).get(
        log, {"action": stop.action, "person": str(world.member.user.pk)}
    )
    assert f"/audit/{stop.pk}/" in found.text
    event = signed_in(world.admin).get(page("audit_event", world.team, event=stop.pk))
    assert "Rules \N{EN DASH} service, price, purpose" in words(event)
    assert page("policy", world.team) in event.text
    assert signed_in(world.finance).get(log, {"action": stop.action}).status_code == 422


@pytest.mark.parametrize("who", ["member", "finance"])
def test_who_is_no_admin_changes_nothing(world: World, who: str) -> None:
    client = signed_in(getattr(world, who))
    assert client.post(page("policy_change", world.team), FULL).status_code == 403
    assert not Policy.objects.exists()
    assert "policy/change" not in client.get(page("policy", world.team)).text
