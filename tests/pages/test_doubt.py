"""A doubt on its page: it says that it may have been charged, and finance can decide it."""

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from accounts.models import AuditEvent
from ledger.models import Finding, Refund
from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome
from rentals.states import RentalState
from tests.access.world import fingerprint
from tests.factories import make_rental
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World

LOST = {"outcome": "charged", "amount": "0.45", "reason": "Their support says so."}


@pytest.fixture
def rental(world: World) -> Rental:
    return make_rental(world.member, world.gig, RentalState.IN_DOUBT)


def post(world: World, rental: Rental, who: str, form: dict[str, Any]) -> Any:
    address = page("doubt_decide", world.team, rental=rental.pk)
    client = signed_in(getattr(world, who))
    return client.post(address, form)


@pytest.mark.parametrize("who", ["member", "finance", "admin"])
def test_it_says_that_it_may_have_been_charged(world: World, rental: Rental, who: str) -> None:
    client = signed_in(getattr(world, who))
    for name, more in (("rental_detail", {"rental": rental.pk}), ("rental_list", {})):
        assert "may have been charged" in words(client.get(page(name, world.team, **more)))
    detail = client.get(page("rental_detail", world.team, rental=rental.pk))
    assert ("Decide this doubt" in words(detail)) == (who == "finance")


def test_finance_decides_and_it_is_written_down(world: World, rental: Rental) -> None:
    response = post(world, rental, "finance", LOST)
    assert response.status_code == 302
    rental.refresh_from_db()
    assert (rental.state, rental.charged) == (RentalState.LOST, Decimal("0.45"))
    audited = AuditEvent.objects.get()
    assert (audited.action, audited.actor) == ("rental.doubt_decided", world.finance.user)
    refund = Refund.objects.get()
    said = words(signed_in(world.finance).get(response["Location"]))
    assert "A refund is owed." in said
    assert f"Claim #{refund.pk}" in said
    assert "Decide this doubt" not in said


def test_it_was_not_charged(world: World, rental: Rental) -> None:
    form = {"outcome": "not_charged", "reason": "Not on their page."}
    assert post(world, rental, "finance", form).status_code == 302
    rental.refresh_from_db()
    assert (rental.state, rental.held) == (RentalState.REFUSED, Decimal(0))
    said = words(signed_in(world.member).get(page("rental_detail", world.team, rental=rental.pk)))
    assert "Nothing was charged." in said


@pytest.mark.parametrize(
    ("who", "status"), [("member", 403), ("admin", 403), ("colleague", 403), ("stranger", 404)]
)
def test_nobody_else_decides(world: World, rental: Rental, who: str, status: int) -> None:
    client = signed_in(getattr(world, who))
    client.get("/")
    before = fingerprint()
    response = client.post(page("doubt_decide", world.team, rental=rental.pk), LOST)
    assert response.status_code == status
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"reason": " "}, 422, "Say why."),
        ({"outcome": ""}, 422, "Choose one."),
        ({"amount": "-1"}, 422, "greater than or equal to 0"),
        ({"amount": "NaN"}, 422, "Enter a number."),
        ({"amount": ""}, 409, "Say how much was charged."),
        ({"amount": "0"}, 409, "Say how much was charged."),
        ({"activation_id": "no such thing"}, 409, "This is no activation"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(
    world: World, rental: Rental, changes: dict[str, str], status: int, says: str
) -> None:
    response = post(world, rental, "finance", LOST | changes)
    assert response.status_code == status
    assert says in words(response)
    assert "Decide this doubt" in words(response)
    rental.refresh_from_db()
    assert rental.state == RentalState.IN_DOUBT
    assert not Finding.objects.exists()
    assert not AuditEvent.objects.exists()


def test_whoever_comes_second_is_told(world: World, rental: Rental) -> None:
    post(world, rental, "finance", LOST)
    again = {"outcome": "not_charged", "reason": "Not on their page."}
    response = post(world, rental, "finance", again)
    assert response.status_code == 409
    assert "not in doubt any more" in words(response)
    rental.refresh_from_db()
    assert rental.state == RentalState.LOST
    assert Finding.objects.count() == 1


def test_webhooks_that_no_rental_has_are_named_to_finance_alone(
    world: World, rental: Rental
) -> None:
    body = b'{"activation_id": 4711, "message_id": "m1", "service": "%s", "code": "482913"}'
    InboxEntry.objects.create(
        account=rental.account,
        body=body % rental.service_code.encode(),
        body_sha256=sha256(body).digest(),
        activation_id="4711",
        genuine=True,
        received_at=(rental.sent_at or rental.requested_at) + timedelta(seconds=20),
        outcome=InboxOutcome.UNKNOWN_ACTIVATION,
    )
    address = page("rental_detail", world.team, rental=rental.pk)
    said = words(signed_in(world.finance).get(address))
    assert "Webhooks came for activations that no rental has." in said
    assert "4711" in said
    assert "482913" not in said
    assert "4711" not in words(signed_in(world.member).get(address))
