"""A rent is judged by its answer, and its money is told by what is known."""

from decimal import Decimal
from itertools import cycle
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import ProviderAccount
from accounts.states import KeyState
from rentals import operations
from rentals.causes import Cause
from rentals.models import Rental
from rentals.operations import RentalNotAllowed, sending
from rentals.states import RentalState as S
from tests import processes
from tests.rentals.checks import (
    NOTHING,
    Held,
    assert_in_doubt,
    assert_never_repeated,
    assert_refused,
    money,
)
from tests.rentals.scene import Scene, SetScene, states, swept
from tests.rentals.times import Times

DOUBTS: list[tuple[str, dict[str, Any], bool]] = [
    ("error", {"status": 500}, False),
    ("error", {"status": 500, "done": True}, True),
    ("error", {"status": 500, "body": "html"}, False),
    ("error", {"status": 502, "body": "html", "done": True}, True),
    ("error", {"status": 503, "body": "empty", "done": True}, True),
    ("error", {"status": 404, "body": "html"}, False),
    ("error", {"status": 401, "body": "html", "done": True}, True),
    ("error", {"status": 408, "done": True}, True),
    ("error", {"status": 409}, False),
    ("redirect", {"status": 302, "done": True}, True),
    ("redirect", {"status": 307}, False),
    ("garbage", {}, True),
    ("garbage", {"body": "html"}, True),
    ("garbage", {"body": "empty"}, True),
    ("garbage", {"body": "json"}, True),
    ("no-activation-id", {}, True),
    ("cut", {}, True),
    ("cut", {"done": False}, False),
    ("cut", {"before_any_byte": True}, True),
    ("cut", {"before_any_byte": True, "done": False}, False),
]


ODD_BUT_CLEAR: list[tuple[str, dict[str, Any]]] = [
    ("broken-json", {}),
    ("numbers-as-text", {}),
    ("slow-bytes", {"pause_ms": 0}),
]


def test_a_number_is_rented(each: Scene) -> None:
    rental = each.rented()
    activation = each.activation(rental)
    assert rental.state == S.WAITING
    assert money(rental) == (NOTHING, activation.price)
    assert rental.phone_e164 == f"+1{activation.phone}"
    assert rental.expires_at is not None
    assert abs(rental.expires_at.timestamp() * 1000 - activation.expires) < 1500
    assert rental.next_poll_at is not None and rental.next_poll_at < rental.expires_at
    causes = [event.cause for event in rental.events.all()]
    assert causes == [Cause.REQUESTED, Cause.RENTED]
    assert rental.events.earliest("at").actor == each.membership.user


@pytest.mark.parametrize("milliseconds", [False, True])
def test_an_end_in_unix_time_counts_before_the_catalogue(
    scene: SetScene, milliseconds: bool
) -> None:
    it = scene("smsvilla")
    it.fault("unix-times", milliseconds=milliseconds)
    it.offer.ttl *= 10
    it.offer.save()
    rental = it.rented()
    assert rental.expires_at is not None
    expires = it.activation(rental).expires
    assert abs(rental.expires_at.timestamp() * 1000 - expires) < 1500


def test_the_price_charged_is_the_one_that_the_provider_quotes(scene: SetScene) -> None:
    gig = scene("smsgig")
    gig.offer.price = Decimal("0.5")
    gig.offer.save()
    rental = gig.rented()
    assert (rental.price, rental.charged) == (Decimal("0.5"), Decimal("0.58"))
    villa = scene("smsvilla")
    assert villa.rented().charged == villa.offer.price


def test_wishes_reach_the_provider(scene: SetScene) -> None:
    rental = scene("smsvilla").rented(
        area_code="202", carrier="vz", wanted_number="+12025550123", purpose="sign-up test"
    )
    assert rental.phone_e164 == "+12025550123"
    assert rental.purpose == "sign-up test"


@pytest.mark.parametrize(
    ("provider", "doubt"), zip(cycle(["smsgig", "smsvilla"]), DOUBTS, strict=False)
)
def test_an_unclear_answer_is_a_doubt_for_good(
    scene: SetScene, provider: str, doubt: tuple[str, dict[str, Any], bool]
) -> None:
    it, (fault, options, charged) = scene(provider), doubt
    it.fault(fault, **options)
    rental = it.rented()
    assert_in_doubt(it, rental, charged=charged)
    it.no_faults()
    assert_never_repeated(it, rental)
    assert_in_doubt(it, Rental.objects.get(pk=rental.pk), charged=charged)


@pytest.mark.parametrize(("fault", "options"), ODD_BUT_CLEAR)
def test_an_answer_with_an_activation_is_a_number(
    each: Scene, fault: str, options: dict[str, Any]
) -> None:
    each.fault(fault, **options)
    rental = each.rented()
    assert rental.state == S.WAITING
    assert int(rental.activation_id) == each.activations()[0].id
    assert money(rental) == (NOTHING, rental.price)


def test_what_the_provider_refuses_is_released(each: Scene) -> None:
    each.fault("error", status=400)
    rental = each.rented()
    assert_refused(rental)
    assert rental.events.get(to_state=S.REFUSED).cause == Cause.PROVIDER_REFUSED
    assert each.spent == 0
    each.no_faults()
    assert_never_repeated(each, rental)


def test_an_empty_wallet_and_an_empty_stock_are_refusals(each: Scene) -> None:
    each.sandbox.wallets.charge(
        each.wallet_id, int(each.wallet.balance * 1000), description="x", activation_id=None
    )
    rental = each.rented()
    assert rental.state == S.REFUSED
    assert "balance" in rental.events.get(to_state=S.REFUSED).note.lower()
    assert each.asked("/rent") == 1


def test_a_refused_key_is_a_refusal_and_known_of_the_account(each: Scene) -> None:
    (key,) = each.sandbox.wallets.keys(each.wallet_id)
    each.sandbox.wallets.revoke_key(key.id)
    rental = each.rented()
    assert_refused(rental)
    each.account.refresh_from_db()
    assert each.account.key_refused_at is not None
    with pytest.raises(RentalNotAllowed, match="key"):
        Scene.requested(refreshed(each))


def refreshed(scene: Scene) -> Scene:
    scene.offer.refresh_from_db()
    scene.account = ProviderAccount.objects.get(pk=scene.account.pk)
    scene.offer.account = scene.account
    return scene


def test_a_refused_connection_is_a_refusal(each: Scene, settings: Settings) -> None:
    nobody = f"http://127.0.0.1:{processes.free_port()}"
    settings.PROVIDER_BASE_URLS = dict.fromkeys(settings.PROVIDER_BASE_URLS, nobody)
    rental = each.rented()
    assert_refused(rental)
    assert each.asked("/rent") == 0


def test_an_account_without_a_key_refuses_what_was_never_sent(each: Scene) -> None:
    rental = each.requested()
    each.account.keys.update(state=KeyState.RETIRED)
    operations.send_rent(rental.pk)
    rental.refresh_from_db()
    assert_refused(rental)
    assert each.asked("/rent") == 0


def test_silence_is_a_doubt(each: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LISTEN_FOR", 0.3)
    each.fault("silence")
    rental = each.rented()
    assert_in_doubt(each, rental, charged=True)
    assert_never_repeated(each, rental)


def test_an_answer_after_the_page_says_in_doubt_still_counts(each: Scene, times: Times) -> None:
    """The worker still listens when the sweep says so; then the answer comes."""
    rental = each.requested()
    held = Held(each)
    with held.answering(rental):
        times.move(31)
        swept(times)
        rental.refresh_from_db()
        assert rental.state == S.IN_DOUBT
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert money(rental) == (NOTHING, each.activations()[0].price)
    assert states(rental) == [S.REQUESTED, S.IN_DOUBT, S.WAITING]
    assert each.asked("/rent") == 1
