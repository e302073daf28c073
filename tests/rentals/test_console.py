"""The console: what reads is sent once and shown without codes, what changes goes by the book."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import gateway
from accounts.models import (
    AuditEvent,
    ConsoleRequest,
    Membership,
    ProviderAccount,
    ProviderKey,
    RequestCount,
    SentRequest,
)
from accounts.models.console import KEPT_FOR
from accounts.operations import forget_answers
from accounts.states import Lane, Role
from rentals.models import Rental
from rentals.operations import send_rent
from rentals.states import RentalState
from tests.factories import make_member
from tests.rentals.scene import Scene, SetScene
from tests.rentals.times import Times

CODE = "482913"


class Desk:
    """An admin at an account's console."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.admin = make_member(scene.membership.team, Role.ADMIN)
        self.client = browser(self.admin)
        self.address = at(scene, "provider_console")

    def send(self, call: str, **given: Any) -> HttpResponse:
        confirmed = {"confirmed": "yes"} if given.pop("confirmed", False) else {}
        fields = {"request_key": uuid.uuid4(), **given}
        form = {"call": call, **{f"console-{name}": each for name, each in fields.items()}}
        return self.client.post(self.address, form | confirmed)  # type: ignore[return-value]

    def asked(self, call: str, **given: Any) -> str:
        """The page with the answer."""
        answer = self.send(call, **given)
        assert answer.status_code == 302, answer.content.decode()
        return self.client.get(answer["Location"]).content.decode()


def browser(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def at(scene: Scene, name: str, **parts: Any) -> str:
    given = {"team": scene.membership.team.slug, "account": scene.account.pk, **parts}
    return reverse(name, kwargs=given)


def requests(scene: Scene) -> int:
    """How many requests have reached the provider."""
    return scene.asked("")


@pytest.fixture
def desk(each: Scene) -> Desk:
    return Desk(each)


@pytest.fixture
def gig(scene: SetScene) -> Desk:
    return Desk(scene("smsgig"))


def test_a_call_that_reads_is_sent_and_its_answer_shown(desk: Desk) -> None:
    page = desk.asked("balance")
    assert re.search(r"&quot;balance&quot;: 100000(\.0+)?,?\n", page)
    assert "$API_KEY" in page
    assert desk.scene.key not in page
    (line,) = SentRequest.objects.filter(account=desk.scene.account)
    assert (line.lane, line.path) == (Lane.CONSOLE, "/balance")
    assert RequestCount.objects.get(account=desk.scene.account).lane == Lane.CONSOLE
    event = AuditEvent.objects.get(action="provider_account.asked", actor=desk.admin.user)
    assert event.after == {"request": "GET /balance"}


def test_the_catalogue_names_what_a_rent_asks_for(desk: Desk) -> None:
    page = desk.asked("services")
    assert f"&quot;{desk.scene.offer.service_code}&quot;" in page
    assert "[hidden]" not in page


def test_a_form_that_is_sent_twice_asks_once(desk: Desk) -> None:
    key = uuid.uuid4()
    first, second = (desk.send("balance", request_key=key)["Location"] for _ in range(2))
    assert first == second
    assert desk.scene.asked("/balance") == 1


def test_an_answer_that_is_reloaded_asks_no_more(desk: Desk) -> None:
    address = desk.send("balance")["Location"]
    for _ in range(3):
        assert desk.client.get(address).status_code == 200
    assert desk.scene.asked("/balance") == 1


def test_what_is_secret_is_shown_after_a_reason_and_only_once(desk: Desk) -> None:
    rental = desk.scene.received(code=CODE)
    address = desk.send("status", activation_id=rental.activation_id)["Location"]
    page = desk.client.get(address).content.decode()
    assert "[hidden]" in page
    assert CODE not in page
    without = desk.client.post(f"{address}whole", {"reason": "  "})
    assert without.status_code == 422
    assert CODE not in without.content.decode()
    assert not AuditEvent.objects.filter(actor=desk.admin.user, action__endswith="shown").exists()
    whole = desk.client.post(f"{address}whole", {"reason": "The card shows another code."})
    assert CODE in whole.content.decode()
    assert "no-store" in whole["Cache-Control"]
    event = AuditEvent.objects.get(actor=desk.admin.user, action="provider_account.answer_shown")
    assert (event.reason, event.family) == ("The card shows another code.", "codes")
    assert (event.object_type, event.object_id) == ("rentals.rental", str(rental.pk))
    assert event.after["activation_id"] == rental.activation_id
    assert CODE not in str(event.after)
    assert CODE not in desk.client.get(address).content.decode()
    assert desk.client.get(f"{address}whole")["Location"] == address


def test_an_answer_is_for_whoever_asked_and_for_a_quarter_of_an_hour(
    desk: Desk, times: Times
) -> None:
    rental = desk.scene.received(code=CODE)
    address = desk.send("status", activation_id=rental.activation_id)["Location"]
    other = browser(make_member(desk.scene.membership.team, Role.ADMIN))
    assert other.get(address).status_code == 404
    assert other.post(f"{address}whole", {"reason": "Curious."}).status_code == 404
    row = ConsoleRequest.objects.get(actor=desk.admin.user)
    assert CODE.encode() not in bytes(row.sealed or b"")
    assert forget_answers(now=times.now()) == 0
    ConsoleRequest.objects.filter(pk=row.pk).update(at=times.now() - KEPT_FOR)
    times.move(1)
    assert desk.client.get(address).status_code == 404
    forget_answers(now=times.now())
    assert not ConsoleRequest.objects.filter(pk=row.pk).exists()


def test_another_admins_form_is_not_answered_with_this_ones(desk: Desk) -> None:
    key = uuid.uuid4()
    desk.send("balance", request_key=key)
    other = Desk(desk.scene)
    refused = other.send("balance", request_key=key)
    assert refused.status_code == 422
    assert "This form was sent already" in refused.content.decode()
    assert desk.scene.asked("/balance") == 1


def test_a_rent_asks_first_and_is_the_ordinary_one(desk: Desk) -> None:
    given = {"service_code": desk.scene.offer.service_code, "request_key": uuid.uuid4()}
    before = requests(desk.scene)
    asked = desk.send("rent", **given)
    page = asked.content.decode()
    assert asked.status_code == 200
    assert f"rents a number for {desk.scene.offer.name}" in page
    assert "Rent it" in page
    assert not Rental.objects.filter(account=desk.scene.account).exists()
    for _ in range(2):
        assert desk.send("rent", confirmed=True, **given).status_code == 302
    rental = Rental.objects.get(account=desk.scene.account)
    assert (rental.state, rental.held) == (RentalState.REQUESTED, desk.scene.offer.price)
    assert rental.member == desk.admin.user
    assert requests(desk.scene) == before
    send_rent(rental.pk)
    assert desk.scene.asked("/rent") == 1
    assert desk.scene.spent == desk.scene.offer.price


def test_what_the_catalogue_lacks_is_not_rented(desk: Desk) -> None:
    for confirmed in (False, True):
        refused = desk.send("rent", service_code="no-such-service", confirmed=confirmed)
        assert refused.status_code == 422
        assert "has no service no-such-service" in refused.content.decode()
    assert not Rental.objects.filter(account=desk.scene.account).exists()
    assert requests(desk.scene) == 0


def test_a_cancel_asks_first_and_is_the_ordinary_one(desk: Desk) -> None:
    rental = desk.scene.rented()
    asked = desk.send("cancel", activation_id=rental.activation_id)
    assert "Cancel the rental" in asked.content.decode()
    rental.refresh_from_db()
    assert rental.state == RentalState.WAITING
    desk.send("cancel", activation_id=rental.activation_id, confirmed=True)
    rental.refresh_from_db()
    assert rental.state == RentalState.CANCELLING
    assert desk.scene.control(rental).state == RentalState.CANCELLED
    again = desk.send("cancel", activation_id=rental.activation_id, confirmed=True)
    assert again.status_code == 422
    assert "Only a rental that still waits" in again.content.decode()


def test_an_activation_that_is_not_ours_is_not_cancelled(desk: Desk) -> None:
    scene = desk.scene
    foreign = scene.sandbox.rent(scene.wallet, service_code=scene.offer.service_code)
    for confirmed in (False, True):
        refused = desk.send("cancel", activation_id=foreign.id, confirmed=confirmed)
        assert refused.status_code == 422
        assert "No rental of this account has activation" in refused.content.decode()
    assert scene.asked("/cancel") == 0
    assert scene.activations()[0].state == "waiting"


def test_an_activation_of_another_account_is_not_cancelled(scene: SetScene) -> None:
    own, other = Desk(scene("smsgig")), scene("smsgig").rented()
    refused = own.send("cancel", activation_id=other.activation_id, confirmed=True)
    assert refused.status_code == 422
    other.refresh_from_db()
    assert other.state == RentalState.WAITING


def test_a_finish_is_the_rental_status_with_an_action(gig: Desk) -> None:
    rental = gig.scene.received()
    gig.asked("rental", activation_id=rental.activation_id)
    rental.refresh_from_db()
    assert rental.finish_requested_at is None
    gig.send("rental", activation_id=rental.activation_id, action="finished", confirmed=True)
    rental.refresh_from_db()
    assert rental.finish_requested_at is not None
    assert gig.scene.control(rental).state == RentalState.FINISHED


@pytest.mark.parametrize(
    ("fault", "options", "says"),
    [
        ("error", {"status": 500}, "did not answer as it documents: Something went wrong (500)"),
        ("error", {"status": 401}, "does not accept the key"),
        ("too-many-requests", {}, "asks to wait (429)"),
        ("garbage", {"body": "html"}, "could not be read"),
        ("cut", {}, "was cut off"),
    ],
)
def test_what_goes_wrong_is_told(
    desk: Desk, fault: str, options: dict[str, object], says: str
) -> None:
    desk.scene.fault(fault, endpoint="balance", times=1, **options)
    assert says in desk.asked("balance")


def test_a_key_that_is_gone_sends_nothing(desk: Desk) -> None:
    ProviderKey.objects.filter(account=desk.scene.account).delete()
    assert "has no current key" in desk.asked("balance")
    assert "No key of this account opens" in desk.client.get(desk.address).content.decode()
    assert requests(desk.scene) == 0


def test_a_wait_that_the_provider_asked_for_is_kept(desk: Desk, times: Times) -> None:
    accounts = ProviderAccount.objects.filter(pk=desk.scene.account.pk)
    accounts.update(throttled_until=times.now() + timedelta(seconds=40))
    assert "The provider asked us to wait. Try again in" in desk.asked("balance")
    assert requests(desk.scene) == 0


def test_the_consoles_share_ends_before_the_limits_do(scene: SetScene) -> None:
    desk = Desk(scene("smsvilla"))
    gateway.reserve(desk.scene.account, Lane.CONSOLE, wanted=50, now=timezone.now())
    assert "share has room for 0 more" in " ".join(
        desk.client.get(desk.address).content.decode().split()
    )
    assert "for the console is used up" in desk.asked("balance")
    assert requests(desk.scene) == 0
    assert gateway.reserve(desk.scene.account, Lane.RENT, now=timezone.now()).granted == 1


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("status", {}),
        ("status", {"activation_id": "no id"}),
        ("status", {"activation_id": "1" * 65}),
        ("cancel", {"activation_id": "../balance"}),
        ("rent", {}),
        ("balance", {"request_key": "no-key"}),
    ],
)
def test_a_form_that_says_nothing_sensible_sends_nothing(
    desk: Desk, call: str, given: dict[str, str]
) -> None:
    refused = desk.send(call, **given)
    assert refused.status_code == 422
    assert requests(desk.scene) == 0
    assert not ConsoleRequest.objects.filter(account=desk.scene.account).exists()


def test_every_call_has_its_form_and_its_command_line(desk: Desk) -> None:
    home = desk.client.get(desk.address).content.decode()
    for each in gateway.open_door(desk.scene.account).provider.documented():
        assert each.title in home.replace("&#x27;", "'")
        page = desk.client.get(f"{desk.address}?call={each.key}").content.decode()
        assert f"curl -X {each.example.method}" in page
        for parameter in each.parameters:
            assert f'name="console-{parameter.name}"' in page
    assert requests(desk.scene) == 0


def test_an_archived_account_sends_nothing(desk: Desk, times: Times) -> None:
    ProviderAccount.objects.filter(pk=desk.scene.account.pk).update(archived_at=times.now())
    assert "This account is archived" in desk.client.get(desk.address).content.decode()
    assert desk.send("balance").status_code == 422
    assert requests(desk.scene) == 0
