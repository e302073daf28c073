"""A refund's evidence: all that proves it, and neither number nor code nor text."""

from decimal import Decimal

import pytest
from django.utils import timezone

from ledger.models import Match, Refund, StatementRow, Transfer
from ledger.operations import refunds
from ledger.states import MatchPass, RefundState, RowKind
from providers.calls import Delivered, Reply
from providers.exchange import reply_to_dict
from rentals.causes import Cause
from rentals.models import ProviderAnswer, Rental, RentalEvent
from rentals.states import RentalState
from tests.access.world import fingerprint
from tests.factories import make_message, make_refund, make_rental
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World

CODE, TEXT = "771204", "Your code arrived: seven seven"


@pytest.fixture
def rental(world: World) -> Rental:
    return make_rental(world.member, world.gig, RentalState.CANCELLED, polls=17)


@pytest.fixture
def refund(rental: Rental) -> Refund:
    make_message(rental, CODE, text=TEXT)
    now = timezone.now()
    RentalEvent.objects.create(
        rental=rental,
        at=now,
        from_state=RentalState.CANCELLING,
        to_state=RentalState.CANCELLED,
        cause=Cause.CANCELLED,
        note=f"Number {rental.phone_e164} has code {CODE}.",
    )
    body = (
        f'{{"status": "success", "rental": {{"activation_id": {rental.activation_id}, '
        f'"phone_number": "{rental.phone_raw}", "code": "{CODE}", "text": "{TEXT}", '
        '"price": 0.45}}'
    )
    ProviderAnswer.objects.create(
        rental=rental,
        call="cancel",
        asked_at=now,
        answered_at=now,
        reply=reply_to_dict(Reply(Delivered.ANSWERED, 200, body=body.encode())),
        verdict="done",
        detail=f"number {rental.phone_raw}",
    )
    return make_refund(rental)


def address(world: World, refund: Refund) -> str:
    return page("refund_detail", world.team, refund=refund.pk)


@pytest.mark.parametrize("who", ["finance", "admin"])
def test_it_shows_what_proves_it_and_no_secret(
    world: World, rental: Rental, refund: Refund, who: str
) -> None:
    response = signed_in(getattr(world, who)).get(address(world, refund))
    said = words(response)
    for proof in (
        "Cancelled without an SMS",
        "USD 0.45",
        "Looks for an SMS 17",
        "SMSGig (cancel): answered",
        "HTTP 200",
        "The provider cancelled it",
        rental.activation_id,
        "Held",
        "Settled",
    ):
        assert proof in said, proof
    for secret in (CODE, TEXT, rental.phone_e164, rental.phone_raw, "555-0", "seven"):
        assert secret not in response.text


def test_its_lines_and_rows_add_up(world: World, rental: Rental, refund: Refund) -> None:
    now = timezone.now()
    refunds.land(refund, refund.charged, key="row:1:refund", occurred_at=now, now=now)
    row = StatementRow.objects.create(
        wallet=refund.wallet,
        provider_id="1021",
        kind=RowKind.REFUND,
        kind_raw="refund",
        amount=refund.charged,
        description="Refund for a rental #503",
        occurred_at=now,
        first_seen_at=now,
    )
    Match.objects.create(
        row=row,
        transfer=Transfer.objects.get(key="row:1:refund"),
        by_pass=MatchPass.UNIQUE,
        at=now,
    )
    response = signed_in(world.finance).get(address(world, refund))
    totals = [line.total for line in response.context["evidence"].lines]
    assert totals == [0, refund.charged, 0]
    said = words(response)
    assert "Refund #1021" in said
    assert "Refund for a rental #503" in said
    assert "Received" in said


@pytest.mark.parametrize(
    ("who", "status"), [("member", 403), ("colleague", 403), ("stranger", 404)]
)
def test_nobody_else_reads_it(world: World, refund: Refund, who: str, status: int) -> None:
    client = signed_in(getattr(world, who))
    client.get("/")
    before = fingerprint()
    response = client.get(address(world, refund))
    assert response.status_code == status
    assert refund.external_id not in response.text
    assert fingerprint() == before


def test_a_refund_of_another_team_is_not_found_under_ones_own(world: World, refund: Refund) -> None:
    foreign = page("refund_detail", world.stranger.team, refund=refund.pk)
    assert signed_in(world.stranger).get(foreign).status_code == 404


def test_the_rental_links_to_it_for_those_who_may_see_it(
    world: World, rental: Rental, refund: Refund
) -> None:
    detail = page("rental_detail", world.team, rental=rental.pk)
    for who, sees in (("member", False), ("finance", True), ("admin", True)):
        response = signed_in(getattr(world, who)).get(detail)
        assert (address(world, refund) in response.text) == sees, who
        assert "more is owed" in words(response)


def test_a_claim_about_no_rental_of_ours_has_a_page_too(world: World, refund: Refund) -> None:
    Refund.objects.filter(pk=refund.pk).update(reference="something:else")
    response = signed_in(world.finance).get(address(world, refund))
    assert response.status_code == 200
    assert "None was kept" in words(response)


def test_finance_can_give_it_up_and_an_admin_reads(world: World, refund: Refund) -> None:
    write_off = page("refund_write_off", world.team, refund=refund.pk)
    for who, may in (("finance", True), ("admin", False)):
        client = signed_in(getattr(world, who))
        assert (write_off in client.get(address(world, refund)).text) == may, who
    Refund.objects.update(state=RefundState.RECEIVED)
    assert write_off not in signed_in(world.finance).get(address(world, refund)).text


def test_the_pages_of_its_rental_say_what_came_back(
    world: World, rental: Rental, refund: Refund
) -> None:
    client, now = signed_in(world.member), timezone.now()
    Rental.objects.filter(pk=rental.pk).update(ended_at=now)
    detail = page("rental_detail", world.team, rental=rental.pk)
    for part, says in ((Decimal("0.20"), "USD 0.45 0.20 refunded"), (Decimal("0.25"), "refunded")):
        refunds.land(refund, part, key=f"row:{part}:refund", occurred_at=now, now=now)
        for address_of in (detail, page("rental_list", world.team), page("board", world.team)):
            assert says in words(client.get(address_of)), address_of
    said = words(client.get(detail))
    assert "USD 0.45 refunded" in said
    assert "SMSGig has given back USD 0.45" in said
    assert "Refunded so far USD 0.45" in said
