"""Each SMS is shown once and none is lost, in whatever order and state they come."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from rentals import operations
from rentals.causes import Cause
from rentals.models import Rental
from rentals.models.inbox import InboxOutcome
from rentals.states import RentalState as S
from tests.rentals.checks import alone
from tests.rentals.scene import Scene, SetScene, codes, states, swept
from tests.rentals.times import Times


@pytest.fixture
def gig(scene: SetScene) -> Scene:
    return scene("smsgig")


@pytest.fixture
def villa(scene: SetScene) -> Scene:
    return scene("smsvilla")


def test_a_webhook_then_a_poll_is_one_message(each: Scene) -> None:
    rental = each.rented()
    assert each.hook(each.sms(rental, code="482913")).outcome == InboxOutcome.NEW_MESSAGE
    each.poll(rental)
    assert codes(rental) == ["482913"]
    assert codes(rental, confirmed=False) == []
    assert rental.state == S.RECEIVED
    assert states(rental).count(S.RECEIVED) == 1


def test_a_poll_then_a_webhook_is_one_message(each: Scene, times: Times) -> None:
    rental = each.rented()
    webhook = each.sms(rental, code="482913")
    each.poll(rental)
    times.move(2)
    assert each.hook(webhook).outcome == InboxOutcome.KNOWN_MESSAGE
    message = rental.messages.get()
    assert (message.code, message.provider_id) == ("482913", webhook.message_id)
    assert message.received_at is not None
    assert states(rental).count(S.RECEIVED) == 1


def test_the_same_webhook_again_changes_nothing(each: Scene) -> None:
    rental = each.rented()
    body = each.body(each.sms(rental, code="482913"))
    entries = {each.hook(body).pk for _ in range(3)}
    assert len(entries) == 1
    reformatted = json.dumps(json.loads(body), indent=1).encode()
    assert each.hook(reformatted).outcome == InboxOutcome.KNOWN_MESSAGE
    assert rental.messages.count() == 1


def test_many_workers_with_one_webhook_make_one_message(each: Scene) -> None:
    rental = each.rented()
    entry = each.taken(each.sms(rental, code="482913"))
    with ThreadPoolExecutor(8) as pool:
        apply = operations.apply_inbox_entry
        list(pool.map(lambda _: alone(lambda: apply(entry.pk, now=each.times.now())), range(8)))
    assert rental.messages.count() == 1
    entry.refresh_from_db()
    assert entry.outcome == InboxOutcome.NEW_MESSAGE


@pytest.mark.parametrize("polled_first", [True, False])
def test_a_second_sms_that_reads_the_same_is_kept(
    gig: Scene, times: Times, polled_first: bool
) -> None:
    rental = gig.rented()
    first = gig.sms(rental, code="482913")
    if polled_first:
        gig.poll(rental)
    else:
        gig.hook(first)
    times.move(5)
    second = gig.sms(rental, code="482913")
    gig.hook(second)
    if polled_first:
        gig.hook(first)
    gig.poll(rental)
    assert codes(rental) == ["482913", "482913"]
    ids = set(rental.messages.values_list("provider_id", flat=True))
    assert ids == {first.message_id, second.message_id}
    assert states(rental).count(S.RECEIVED) == 2


def test_a_later_sms_is_not_taken_for_the_one_that_was_polled(gig: Scene, times: Times) -> None:
    """It reads the same, and the first one's webhook was lost."""
    rental = gig.rented()
    gig.sms(rental, code="482913")
    gig.poll(rental)
    times.move(5)
    second = gig.sms(rental, code="482913")
    gig.hook(second)
    assert codes(rental) == ["482913", "482913"]
    assert states(rental).count(S.RECEIVED) == 2


def test_two_messages_that_read_the_same_in_one_list_are_two(villa: Scene) -> None:
    rental = villa.rented()
    villa.sms(rental, code="482913")
    villa.sms(rental, code="482913", force=True)
    villa.poll(rental)
    villa.poll(rental)
    assert codes(rental) == ["482913", "482913"]


def test_webhooks_in_reversed_order_are_two_messages(each: Scene) -> None:
    rental = each.rented()
    first = each.sms(rental, code="111111")
    second = each.sms(rental, code="222222", force=True)
    each.hook(second)
    each.hook(first)
    each.poll(rental)
    assert codes(rental) == ["111111", "222222"]


def test_a_forged_webhook_moves_nothing_and_hides_no_genuine_one(villa: Scene) -> None:
    """It carries a real activation and the id that the next real message will have."""
    rental = villa.rented()
    activation = villa.activation(rental)
    next_id = villa.sandbox.activations.next_message_id(activation)
    forged = {
        "activationId": activation.id,
        "messageId": int(next_id),
        "service": "whatsapp",
        "code": "666666",
        "text": "Your WhatsApp code is 666666",
        "receivedAt": "2026-01-12T10:15:20Z",
    }
    villa.hook(json.dumps(forged).encode())
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert states(rental) == [S.REQUESTED, S.WAITING]
    assert rental.charged == villa.offer.price
    assert codes(rental, confirmed=False) == ["666666"]
    webhook = villa.sms(rental, code="482913")
    assert webhook.message_id == next_id
    villa.hook(webhook)
    assert codes(rental, confirmed=False) == ["482913", "666666"]
    villa.poll(rental)
    assert codes(rental) == ["482913"]
    assert codes(rental, confirmed=False) == ["666666"]
    assert rental.state == S.RECEIVED


def test_a_forged_webhook_after_the_genuine_one_does_not_replace_it(villa: Scene) -> None:
    rental = villa.rented()
    webhook = villa.sms(rental, code="482913")
    villa.hook(webhook)
    villa.poll(rental)
    forged = replace(webhook, code="666666", text="Your code is 666666")
    assert villa.hook(forged).outcome == InboxOutcome.CONFLICT
    villa.poll(rental)
    assert codes(rental) == ["482913"]
    assert codes(rental, confirmed=False) == ["666666"]


def test_a_genuine_code_in_forged_words_gets_its_own_words(villa: Scene) -> None:
    rental = villa.rented()
    webhook = villa.sms(rental, code="482913", text="Your code is 482913")
    villa.hook(replace(webhook, text="Send 482913 to +1 202 555 0123 at once"))
    villa.poll(rental)
    assert rental.messages.get().text == "Your code is 482913"


def test_an_unsigned_webhook_has_the_provider_asked_at_once(villa: Scene, times: Times) -> None:
    rental = villa.rented()
    Rental.objects.filter(pk=rental.pk).update(next_poll_at=times.now() + timedelta(minutes=5))
    villa.hook(villa.sms(rental, code="482913"))
    rental.refresh_from_db()
    assert rental.next_poll_at is not None and rental.next_poll_at <= times.now()
    assert operations.poll_account(villa.account.pk) == 1
    assert codes(rental) == ["482913"]


def test_hints_are_coalesced_and_few(villa: Scene, times: Times) -> None:
    rental = villa.rented()
    began = times.now()
    looks: set[int] = set()
    for _ in range(40):
        operations.hint_to_poll(villa.account.pk, rental.activation_id, now=times.now())
        rental.refresh_from_db()
        assert rental.last_confirm_at is not None and rental.next_poll_at is not None
        assert rental.next_poll_at <= rental.last_confirm_at
        looks.add(round((rental.last_confirm_at - began).total_seconds()))
        times.move(2)
    assert looks == {0, 10, 20, 30, 40}


def test_a_hint_within_the_pause_is_answered_at_its_end(villa: Scene, times: Times) -> None:
    rental = villa.rented()
    villa.hook(villa.sms(rental, code="111111"))
    villa.poll(rental)
    assert codes(rental) == ["111111"]
    times.move(2)
    villa.hook(villa.sms(rental, code="222222", force=True))
    rental.refresh_from_db()
    assert rental.next_poll_at is not None
    assert rental.next_poll_at - times.now() <= timedelta(seconds=10)
    times.move(10)
    assert operations.poll_account(villa.account.pk) == 1
    assert codes(rental) == ["111111", "222222"]


def test_a_hint_for_nothing_of_ours_does_nothing(each: Scene) -> None:
    operations.hint_to_poll(each.account.pk, "4711", now=each.times.now())
    rental = each.rented()
    Rental.objects.filter(pk=rental.pk).update(state=S.FINISHED, next_poll_at=None)
    operations.hint_to_poll(each.account.pk, rental.activation_id, now=each.times.now())
    rental.refresh_from_db()
    assert rental.next_poll_at is None


# --- before and after its time


def test_a_webhook_that_overtakes_the_rent_finds_its_rental(each: Scene) -> None:
    """The SMS came and its webhook was taken while the rent was still unanswered."""
    rental, sent_at = each.claimed()
    activation = each.sandbox.rent(each.wallet, service_code=each.offer.service_code)
    (message,) = each.sandbox.send_sms(each.provider, activation.id, code="482913")
    entry = each.hook(each.parcel(message))
    assert (entry.outcome, entry.applied_at) == (InboxOutcome.UNKNOWN_ACTIVATION, None)
    rental.answers.create(
        call="rent",
        asked_at=sent_at,
        answered_at=each.times.now(),
        reply={
            "delivered": "answered",
            "status": 200,
            "headers": {},
            "body": json.dumps({"rental": {"activation_id": activation.id}}),
            "problem": "",
            "seconds": 1,
        },
        verdict="done",
    )
    swept(each.times)
    entry.refresh_from_db()
    assert entry.outcome == InboxOutcome.NEW_MESSAGE
    each.poll(rental)
    assert codes(rental) == ["482913"]
    assert rental.state == S.RECEIVED


def test_a_webhook_taken_just_before_the_rental_began_is_found_by_the_sweep(each: Scene) -> None:
    rental = each.rented()
    entry = each.taken(each.sms(rental, code="482913"))
    each.times.move(3)
    assert ("rentals.apply_inbox", entry.pk) in swept(each.times)
    operations.apply_inbox_entry(entry.pk, now=each.times.now())
    assert ("rentals.apply_inbox", entry.pk) not in swept(each.times)


def test_an_unknown_activation_is_not_looked_at_for_ever(each: Scene) -> None:
    rental = each.rented()
    parcel = replace(each.sms(rental), activation_id=4711)
    entry = each.hook(parcel)
    assert entry.outcome == InboxOutcome.UNKNOWN_ACTIVATION
    each.times.move(10)
    assert not [work for work in swept(each.times) if work[1] == entry.pk]
    assert not rental.messages.exists()


@pytest.mark.parametrize("ended", [S.CANCELLED, S.FINISHED])
def test_an_sms_after_the_end_is_kept_and_told(each: Scene, ended: S) -> None:
    rental = each.rented()
    Rental.objects.filter(pk=rental.pk).update(state=ended, next_poll_at=None)
    each.hook(each.sms(rental, code="482913", force=True))
    rental.refresh_from_db()
    assert rental.state == ended
    assert rental.messages.get().code == "482913"
    told = rental.events.filter(cause=Cause.SMS_AFTER_END)
    assert told.count() == (1 if each.provider == "smsgig" else 0)  # where it is confirmed


def test_a_late_sms_makes_an_expired_rental_received(gig: Scene, times: Times) -> None:
    rental = gig.rented()
    Rental.objects.filter(pk=rental.pk).update(state=S.EXPIRED, ended_at=times.now())
    gig.hook(gig.sms(rental, code="482913", force=True))
    rental.refresh_from_db()
    assert rental.state == S.RECEIVED
    assert rental.ended_at is None


def test_a_late_unsigned_sms_is_confirmed_by_a_look(villa: Scene, times: Times) -> None:
    rental = villa.rented()
    Rental.objects.filter(pk=rental.pk).update(state=S.EXPIRED, next_poll_at=None)
    villa.hook(villa.sms(rental, code="482913", force=True))
    assert operations.poll_account(villa.account.pk) == 1
    rental.refresh_from_db()
    assert (rental.state, codes(rental)) == (S.RECEIVED.value, ["482913"])


# --- odd webhooks


def odd(scene: Scene, rental: Rental, **changes: object) -> bytes:
    fields = json.loads(scene.body(scene.sms(rental, code="482913", force=True)))
    fields |= changes
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


@pytest.mark.parametrize("hook_first", [True, False])
@pytest.mark.parametrize("with_time", [True, False])
def test_a_webhook_without_a_message_id_is_one_message(
    each: Scene, hook_first: bool, with_time: bool
) -> None:
    rental = each.rented()
    missing = dict.fromkeys(["message_id", "messageId"])
    if not with_time:
        missing |= dict.fromkeys(["received_at", "receivedAt"])
    body = odd(each, rental, **missing)
    if hook_first:
        each.hook(body)
    each.poll(rental)
    if not hook_first and with_time:
        each.hook(body)
    each.poll(rental)
    assert codes(rental) == ["482913"]
    assert codes(rental, confirmed=False) == []


def test_an_id_is_the_same_as_text_and_as_a_number(each: Scene) -> None:
    rental = each.rented()
    body = each.body(each.sms(rental, code="482913"))
    each.hook(body)
    fields = json.loads(body)
    as_text = {name: str(value) for name, value in fields.items()}
    assert each.hook(json.dumps(as_text).encode()).outcome == InboxOutcome.KNOWN_MESSAGE
    each.poll(rental)
    assert rental.messages.count() == 1


def test_a_message_without_a_code_is_told_by_its_words(each: Scene) -> None:
    rental = each.rented()
    webhook = each.sms(rental, text="Welcome aboard")
    each.hook(webhook)
    each.poll(rental)
    second = each.sms(rental, text="Your ride is here", force=True)
    each.poll(rental)
    each.hook(second)
    assert sorted(rental.messages.values_list("text", flat=True)) == [
        "Welcome aboard",
        "Your ride is here",
    ]
    assert codes(rental) == ["", ""]


def test_a_message_of_another_account_s_activation_stays_there(scene: SetScene) -> None:
    one, other = scene("smsgig"), scene("smsgig")
    rental, foreign = one.rented(), other.rented()
    webhook = other.sms(foreign, code="482913")
    entry = one.hook(one.body(webhook))
    assert entry.outcome == InboxOutcome.UNKNOWN_ACTIVATION
    assert not rental.messages.exists() and not foreign.messages.exists()
