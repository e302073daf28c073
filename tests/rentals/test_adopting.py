"""A doubt ends by a webhook only where nothing but that one rental can be meant."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rentals import operations
from rentals.causes import Cause
from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations import adopting
from rentals.states import RentalState as S
from sandbox.books import records
from sandbox.outbox import Parcel
from tests.rentals.checks import NOTHING, money
from tests.rentals.scene import Scene, SetScene, codes, states, swept
from tests.rentals.times import Times


def in_doubt(scene: Scene) -> tuple[Rental, records.Activation]:
    """A rental that was charged and cut, and what the provider has for it."""
    scene.fault("cut", endpoint="rent", times=1)
    rental = scene.rented()
    assert rental.state == S.IN_DOUBT
    return rental, scene.activations()[0]


def message(scene: Scene, activation: records.Activation, code: str = "482913") -> Parcel:
    (sent,) = scene.sandbox.send_sms(scene.provider, activation.id, code=code)
    return scene.parcel(sent)


def adopted(scene: Scene, entry: InboxEntry) -> bool:
    """Whether the sweep's work ended a doubt."""
    scene.times.move(11)
    work = [work for work in swept(scene.times) if work == ("rentals.adopt", entry.pk)]
    return bool(work) and adopting.adopt(entry.pk)


def test_one_rental_can_be_meant(each: Scene) -> None:
    rental, activation = in_doubt(each)
    entry = each.hook(message(each, activation))
    assert adopted(each, entry)
    rental.refresh_from_db()
    assert int(rental.activation_id) == activation.id
    assert money(rental) == (NOTHING, activation.price)
    assert rental.events.filter(cause=Cause.CLAIMED_BY_WEBHOOK).count() == 1
    each.poll(rental)
    assert rental.state == S.RECEIVED
    assert codes(rental) == ["482913"]
    assert states(rental)[:3] == [S.REQUESTED, S.IN_DOUBT, S.WAITING]
    assert each.asked("/rent") == 1
    if each.provider == "smsgig":
        assert rental.phone_e164 == f"+1{activation.phone}"


def test_two_rentals_can_be_meant(each: Scene) -> None:
    doubts = [in_doubt(each)[0] for _ in range(2)]
    entry = each.hook(message(each, each.activations()[0]))
    reads = asked_about(each)
    assert not adopted(each, entry)
    assert [state_of(rental) for rental in doubts] == [S.IN_DOUBT, S.IN_DOUBT]
    assert asked_about(each) == reads


def asked_about(scene: Scene) -> int:
    return scene.asked("/rentals/status") + scene.asked("/get-sms")


def state_of(rental: Rental) -> str:
    return str(Rental.objects.values_list("state", flat=True).get(pk=rental.pk))


def test_a_rental_that_is_just_being_answered_can_be_meant_too(each: Scene) -> None:
    rental, activation = in_doubt(each)
    sibling, _ = each.claimed()
    entry = each.hook(message(each, activation))
    assert not adopted(each, entry)
    Rental.objects.filter(pk=sibling.pk).update(state=S.REFUSED)
    assert adopted(each, entry)
    rental.refresh_from_db()
    assert rental.activation_id == str(activation.id)


@pytest.mark.parametrize("provider", ["smsgig", "smsvilla"])
def test_an_activation_of_another_service_is_not_meant(scene: SetScene, provider: str) -> None:
    it = scene(provider)
    rental, _ = in_doubt(it)
    outside = it.sandbox.buy_outside(it.wallet_id, service_code="telegram")
    entry = it.hook(message(it, outside))
    assert not adopted(it, entry)
    assert state_of(rental) == S.IN_DOUBT


def test_the_provider_s_word_on_the_service_counts(scene: SetScene) -> None:
    """A webhook that names our service for an activation of another, and no second read of it."""
    gig = scene("smsgig")
    rental, activation = in_doubt(gig)
    outside = gig.sandbox.buy_outside(gig.wallet_id, service_code="telegram")
    lying = replace(message(gig, outside), service_code="whatsapp")
    entry = gig.hook(lying)
    assert not adopted(gig, entry)
    assert state_of(rental) == S.IN_DOUBT
    entry.refresh_from_db()
    assert entry.outcome == InboxOutcome.NOT_OURS
    reads = asked_about(gig)
    for _ in range(5):
        assert not adopted(gig, entry)
    assert asked_about(gig) == reads
    assert adopted(gig, gig.hook(message(gig, activation)))


def test_an_old_activation_of_the_same_service_is_not_meant(scene: SetScene, times: Times) -> None:
    gig = scene("smsgig")
    gig.sandbox.catalogue.change(gig.provider, "whatsapp", ttl=3600)
    outside = gig.sandbox.buy_outside(gig.wallet_id)
    times.move(900)
    rental, _ = in_doubt(gig)
    entry = gig.hook(message(gig, outside))
    assert not adopted(gig, entry)
    assert state_of(rental) == S.IN_DOUBT


def test_a_forged_webhook_for_a_real_activation_ends_no_doubt(scene: SetScene) -> None:
    villa = scene("smsvilla")
    rental, activation = in_doubt(villa)
    for code in ("666666", ""):
        forged: dict[str, Any] = {
            "activationId": activation.id,
            "messageId": 1,
            "service": "whatsapp",
            "code": code,
            "text": "Your WhatsApp code is nothing",
        }
        assert not adopted(villa, villa.hook(json.dumps(forged).encode()))
    assert state_of(rental) == S.IN_DOUBT
    assert adopted(villa, villa.hook(message(villa, activation)))


def test_a_webhook_for_nothing_at_all_costs_one_read(scene: SetScene) -> None:
    villa = scene("smsvilla")
    rental, activation = in_doubt(villa)
    entry = villa.hook(replace(message(villa, activation), activation_id=4711))
    reads = asked_about(villa)
    for _ in range(6):
        assert not adopted(villa, entry)
    assert asked_about(villa) == reads + 1
    assert state_of(rental) == S.IN_DOUBT


def test_a_provider_that_does_not_answer_is_asked_again_but_not_for_ever(each: Scene) -> None:
    rental, activation = in_doubt(each)
    entry = each.hook(message(each, activation))
    each.fault("error", status=500, endpoint="*")
    reads = asked_about(each)
    for _ in range(8):
        assert not adopted(each, entry)
    assert asked_about(each) == reads + 5
    assert state_of(rental) == S.IN_DOUBT


def test_a_webhook_from_before_the_request_or_long_after_is_not_meant(
    each: Scene, times: Times
) -> None:
    rental, activation = in_doubt(each)
    assert rental.sent_at is not None
    parcel = message(each, activation)
    for at in (
        rental.sent_at - timedelta(seconds=1),
        rental.sent_at + timedelta(seconds=rental.ttl + 601),
    ):
        InboxEntry.objects.filter(account=each.account).delete()
        entry = each.hook(parcel, at=at)
        times.move(max(0.001, (at - times.now()).total_seconds()))
        assert not adopted(each, entry)
    assert state_of(rental) == S.IN_DOUBT


def test_its_own_late_answer_counts_after_a_webhook_that_was_set_aside(
    scene: SetScene, times: Times
) -> None:
    villa = scene("smsvilla")
    rental, activation = in_doubt(villa)
    entry = villa.hook(message(villa, activation))
    InboxEntry.objects.filter(pk=entry.pk).update(outcome=InboxOutcome.NOT_OURS)
    Rental.objects.filter(pk=rental.pk).update(
        state=S.WAITING,
        activation_id=str(activation.id),
        started_at=times.now(),
        expires_at=times.now() + timedelta(minutes=7),
    )
    times.move(3)
    assert ("rentals.apply_inbox", entry.pk) in swept(times)
    operations.apply_inbox_entry(entry.pk, now=times.now())
    assert rental.messages.get().code == "482913"


def test_an_activation_of_a_known_rental_ends_no_other_s_doubt(each: Scene) -> None:
    known = each.rented()
    doubt, _ = in_doubt(each)
    entry = each.hook(each.sms(known, code="482913"))
    assert entry.applied_at is not None
    assert not adopting.adopt(entry.pk)
    assert state_of(doubt) == S.IN_DOUBT
