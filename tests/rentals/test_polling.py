"""An account's rentals are asked for together, by one task at a time, within the limits."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts import budget
from accounts.states import KeyState, Lane
from providers.values import Limits
from rentals import operations
from rentals.causes import Cause
from rentals.models import Pace, Rental
from rentals.operations import looking, polling, watching
from rentals.states import RentalState as S
from rentals.workers.pollers import ask_all
from tests.factories import make_rental
from tests.rentals.checks import alone
from tests.rentals.scene import Scene, SetScene, codes, swept
from tests.rentals.times import Times


@pytest.fixture(autouse=True)
def still(times: Times) -> None:
    """Which look comes when is a matter of seconds."""
    times.stop()


@pytest.fixture
def gig(scene: SetScene) -> Scene:
    return scene("smsgig")


@pytest.fixture
def villa(scene: SetScene) -> Scene:
    return scene("smsvilla")


def reads(scene: Scene) -> int:
    return scene.asked("/status") + scene.asked("/get-sms")


def look(scene: Scene) -> str:
    return "status" if scene.provider == "smsgig" else "get-sms"


def together(number: int, work: Callable[[], int]) -> list[int]:
    """What the work gives in so many threads at once."""
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(lambda _: work(), range(number)))


def due(rental: Rental, times: Times) -> None:
    Rental.objects.filter(pk=rental.pk).update(next_poll_at=times.now())


def planned(rental: Rental) -> datetime:
    rental.refresh_from_db()
    assert rental.next_poll_at is not None
    assert rental.next_poll_at == rental.planned_poll_at
    return rental.next_poll_at


def test_a_new_rental_is_planned_and_asked_for_when_it_is_worth_it(
    each: Scene, times: Times
) -> None:
    rental = each.rented()
    assert each.account.pk in polling.accounts_with_due_polls(times.now())
    assert operations.poll_account(each.account.pk) == 0
    assert reads(each) == 0
    pause = (planned(rental) - times.now()).total_seconds()
    assert 1 <= pause <= 20  # an account's first day is a thrifty one
    assert each.account.pk not in polling.accounts_with_due_polls(times.now())
    times.move(pause + 0.1)
    assert each.account.pk in polling.accounts_with_due_polls(times.now())
    assert operations.poll_account(each.account.pk) == 1
    assert reads(each) == 1
    rental.refresh_from_db()
    assert rental.polls == 1 and rental.last_polled_at is not None
    assert planned(rental) > times.now()
    assert operations.poll_account(each.account.pk) == 0


def test_what_is_due_is_put_off_while_it_is_not_worth_its_price(villa: Scene, times: Times) -> None:
    """The price has risen since it was planned: the day's requests are nearly spent."""
    rental = villa.rented()
    operations.poll_account(villa.account.pk)
    times.move((planned(rental) - times.now()).total_seconds() + 0.1)
    for hour in range(44):
        budget.reserve(
            villa.account.pk,
            Limits(100_000, 100_000),
            Lane.POLL,
            wanted=100,
            now=times.now() - timedelta(minutes=10 + 10 * hour),
        )
    before = reads(villa)
    assert operations.poll_account(villa.account.pk) == 0
    assert reads(villa) == before
    assert planned(rental) > times.now() + timedelta(seconds=1)


def test_a_last_look_is_taken_though_polls_have_spent_their_share(
    villa: Scene, times: Times
) -> None:
    villa.membership.team.auto_cancel = False
    rental = villa.rented()
    villa.sms(rental, code="482913")
    times.move(rental.ttl - 2.5)
    plenty = Limits(100_000, 100_000)
    past = times.now() - timedelta(hours=2)
    budget.reserve(villa.account.pk, plenty, Lane.POLL, wanted=4800, now=past)
    assert operations.poll_account(villa.account.pk) == 1
    assert codes(rental) == ["482913"]


def test_many_rentals_are_asked_for_at_once(each: Scene, times: Times) -> None:
    rentals = [each.rented() for _ in range(5)]
    for number, rental in enumerate(rentals):
        each.sms(rental, code=f"90000{number}")
    assert each.poll(*rentals) == 5
    assert [codes(rental) for rental in rentals] == [[f"90000{n}"] for n in range(5)]


def test_the_last_look_and_the_one_after_it_are_taken(each: Scene, times: Times) -> None:
    """A code that comes in the last second is found without any webhook."""
    each.membership.team.auto_cancel = False
    rental = each.rented()
    times.move(rental.ttl - 3.5)
    each.poll(rental)
    times.move(1)
    assert each.poll(rental) == 1
    assert rental.next_poll_at is not None and rental.expires_at is not None
    assert rental.next_poll_at == rental.expires_at + timedelta(seconds=1)


def test_a_code_at_the_last_moment_is_found_after_the_end(gig: Scene, times: Times) -> None:
    gig.membership.team.auto_cancel = False
    rental = gig.rented()
    times.move(rental.ttl - 2)
    gig.poll(rental)
    gig.sms(rental, code="482913")
    times.move(3.5)
    swept(times)
    assert operations.poll_account(gig.account.pk) == 1
    rental.refresh_from_db()
    assert (rental.state, codes(rental)) == (S.RECEIVED.value, ["482913"])


def test_a_provider_that_does_not_answer_at_the_end_is_asked_a_little_longer(
    gig: Scene, times: Times
) -> None:
    gig.membership.team.auto_cancel = False
    rental = gig.rented()
    times.move(rental.ttl - 2)
    gig.sms(rental, code="482913")
    gig.fault("error", endpoint="status", status=500)
    for _ in range(4):
        assert gig.poll(rental) == 1
        swept(times)
        rental.refresh_from_db()
        assert rental.state == S.WAITING
        times.move(6)
    gig.no_faults()
    assert operations.poll_account(gig.account.pk) == 1
    assert codes(rental) == ["482913"]


def asked_in_a_minute(scene: Scene) -> int:
    """How many looks the next minute brings, with a tick a second."""
    before = reads(scene)
    for _ in range(60):
        scene.times.move(1)
        operations.poll_account(scene.account.pk)
        swept(scene.times)
    return reads(scene) - before


@pytest.mark.parametrize("has_code", [False, True])
def test_what_has_ended_at_the_provider_a_little_earlier_is_let_go(
    each: Scene, times: Times, has_code: bool
) -> None:
    """Or the end of every rental would cost as many requests as the rest of its life."""
    each.membership.team.auto_cancel = False
    rental = each.received() if has_code else each.rented()
    times.move(rental.ttl - 10)
    each.poll(rental)
    each.fault("error", endpoint=look(each), status=404)
    assert asked_in_a_minute(each) <= 4
    rental.refresh_from_db()
    assert rental.next_poll_at is None


def test_a_last_look_that_fails_is_tried_again_after_a_pause(each: Scene, times: Times) -> None:
    each.membership.team.auto_cancel = False
    rental = each.rented()
    times.move(rental.ttl - 10)
    each.poll(rental)
    each.fault("error", endpoint=look(each), status=500)
    assert 6 <= asked_in_a_minute(each) <= 14


def test_what_is_not_found_long_before_its_end_is_asked_for_ever_more_seldom(
    villa: Scene, times: Times
) -> None:
    rental = villa.rented()
    times.move(20)
    villa.poll(rental)
    villa.fault("error", endpoint="get-sms", status=404)
    asked = [asked_in_a_minute(villa) for _ in range(4)]
    assert asked[0] <= 9 and 1 <= asked[3] <= 3
    villa.no_faults()
    villa.sms(rental, code="482913")
    asked_in_a_minute(villa)
    assert codes(rental) == ["482913"]


def test_a_number_that_was_not_given_is_learned(gig: Scene) -> None:
    rental = gig.rented()
    Rental.objects.filter(pk=rental.pk).update(phone_raw="", phone_e164="")
    gig.poll(rental)
    assert rental.phone_e164 == f"+1{gig.activation(rental).phone}"


def test_the_end_that_the_provider_tells_is_believed(gig: Scene) -> None:
    rental = gig.rented()
    gig.sandbox.expire("smsgig", int(rental.activation_id))
    gig.poll(rental)
    assert rental.state == S.EXPIRED
    assert rental.events.latest("pk").cause == Cause.ENDED_AT_PROVIDER


# --- one task at a time


def test_two_tasks_at_once_ask_once(each: Scene, times: Times) -> None:
    rental = each.rented()
    each.fault("latency", endpoint="*", ms=400)
    due(rental, times)
    asked = together(4, lambda: alone(operations.poll_account, each.account.pk))
    assert sorted(asked) == [0, 0, 0, 1]
    assert reads(each) == 1


def test_the_lease_of_a_dead_task_is_taken_over(each: Scene, times: Times) -> None:
    rental = each.rented()
    assert polling._take_lease(each.account.pk, times.now()) is not None
    due(rental, times)
    assert operations.poll_account(each.account.pk) == 0
    assert each.account.pk not in polling.accounts_with_due_polls(times.now())
    times.move(10.5)
    assert each.account.pk in polling.accounts_with_due_polls(times.now())
    assert operations.poll_account(each.account.pk) == 1
    each.account.refresh_from_db()
    assert each.account.poll_lease_until is None


def test_a_task_that_lost_its_lease_keeps_messages_and_plans_nothing(
    each: Scene, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    rental = each.rented()
    each.sms(rental, code="482913")
    due(rental, times)

    def overtaken(door: Any, calls: Any) -> Iterator[Any]:
        for answer in ask_all(door, calls):
            times.move(11)
            assert polling._take_lease(each.account.pk, times.now()) is not None
            yield answer

    monkeypatch.setattr(polling, "ask_all", overtaken)
    assert operations.poll_account(each.account.pk) == 1
    rental.refresh_from_db()
    assert (rental.state, codes(rental)) == (S.RECEIVED.value, ["482913"])
    assert rental.polls == 0
    each.account.refresh_from_db()
    assert each.account.poll_lease_until is not None, "the other task's lease"


def test_a_hint_during_a_look_is_answered_by_another_look(
    villa: Scene, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SMS came when the provider had answered already."""
    rental = villa.rented()
    due(rental, times)

    def hinted(door: Any, calls: Any) -> Iterator[Any]:
        for answer in list(ask_all(door, calls)):
            times.move(0.5)
            villa.hook(villa.sms(rental, code="482913"))
            times.move(0.5)
            yield answer

    with monkeypatch.context() as patch:
        patch.setattr(polling, "ask_all", hinted)
        assert operations.poll_account(villa.account.pk) == 1
    assert codes(rental) == []
    assert operations.poll_account(villa.account.pk) == 1
    assert codes(rental) == ["482913"]


def test_what_a_person_asks_during_a_look_is_not_overruled(
    gig: Scene, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    rental = gig.received()
    due(rental, times)

    def asked(door: Any, calls: Any) -> Iterator[Any]:
        for answer in ask_all(door, calls):
            now = times.move(0.1)
            operations.wait_for_more(rental=rental, actor=gig.membership.user, now=now)
            yield answer

    monkeypatch.setattr(polling, "ask_all", asked)
    assert operations.poll_account(gig.account.pk) == 1
    rental.refresh_from_db()
    assert rental.next_poll_at is not None and rental.next_poll_at <= times.now()


def test_a_rental_that_can_not_be_applied_costs_the_others_nothing(
    each: Scene, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    rentals = [each.rented() for _ in range(3)]
    for rental in rentals:
        each.sms(rental, code="482913")

    def failing(rental: Rental, *args: Any, **named: Any) -> None:
        if rental.pk == rentals[0].pk:
            raise ArithmeticError
        looking.apply_activation(rental, *args, **named)

    monkeypatch.setattr(polling, "apply_activation", failing)
    assert each.poll(*rentals) == 3
    assert [rental.state for rental in rentals] == [S.WAITING, S.RECEIVED, S.RECEIVED]


# --- patience and keys


def test_throttled_polls_rest_as_long_as_the_provider_likes(each: Scene, times: Times) -> None:
    rental = each.rented()
    each.fault("too-many-requests", retry_after=40, times=1)
    each.poll(rental)
    due(rental, times)
    times.move(38)
    assert each.account.pk not in polling.accounts_with_due_polls(times.now())
    assert operations.poll_account(each.account.pk) == 0
    assert reads(each) == 1
    times.move(3)
    assert each.account.pk in polling.accounts_with_due_polls(times.now())
    assert operations.poll_account(each.account.pk) == 1
    rental.refresh_from_db()
    assert rental.state == S.WAITING


def test_a_refused_key_is_asked_with_less_often_and_told(each: Scene, times: Times) -> None:
    rental = each.rented()
    (key,) = each.sandbox.wallets.keys(each.wallet_id)
    each.sandbox.wallets.revoke_key(key.id)
    each.poll(rental)
    assert rental.next_poll_at is not None
    assert rental.next_poll_at - times.now() > timedelta(seconds=29)
    each.account.refresh_from_db()
    assert each.account.key_refused_at is not None
    assert rental.state == S.WAITING


def test_an_account_without_a_key_asks_nothing(each: Scene, times: Times) -> None:
    rental = each.rented()
    each.account.keys.update(state=KeyState.RETIRED)
    assert each.poll(rental) == 0
    assert rental.next_poll_at is not None and rental.next_poll_at > times.now()
    assert reads(each) == 0


# --- the provider's limits


def test_sixty_live_rentals_stay_within_the_limits(villa: Scene, times: Times) -> None:
    """A minute and a half of ticks; SMS Villa allows 100 requests in any 60 seconds."""
    activations = [villa.sandbox.rent(villa.wallet, service_code="whatsapp") for _ in range(60)]
    for activation in activations:
        make_rental(
            villa.membership,
            villa.account,
            at=times.now(),
            activation_id=str(activation.id),
            service_code="whatsapp",
            next_poll_at=times.now(),
        )
    for _ in range(30):
        times.move(3)
        if villa.account.pk in polling.accounts_with_due_polls(times.now()):
            operations.poll_account(villa.account.pk)
    statuses = [
        request.status
        for request in villa.sandbox.journal.requests(provider="smsvilla", path="/get-sms")
        if request.key_last4 == villa.key[-4:]
    ]
    assert 429 not in statuses
    assert 100 <= len(statuses) <= 85 * 2
    polls = Rental.objects.filter(account=villa.account).values_list("polls", flat=True)
    assert min(polls) >= 1, "each has its turn"


def test_a_provider_without_limits_is_asked_faster_until_it_refuses(
    gig: Scene, times: Times
) -> None:
    rental = gig.rented()
    gig.poll(rental)
    at_first = watching.patience_of(gig.account, times.now()).rate
    times.move(60)
    grown = watching.patience_of(gig.account, times.now()).rate
    assert grown == pytest.approx(2 * at_first, rel=0.01)
    gig.fault("too-many-requests", retry_after=1, times=1)
    gig.poll(rental)
    pace = Pace.objects.get(account=gig.account)
    assert pace.rate == pytest.approx(grown / 2, rel=0.05)
    assert pace.ceiling == pytest.approx(grown, rel=0.05)
    times.move(600)
    assert watching.patience_of(gig.account, times.now()).rate == pytest.approx(grown, rel=0.05)


def test_a_provider_with_limits_has_no_pace(villa: Scene) -> None:
    villa.poll(villa.rented())
    assert not Pace.objects.filter(account=villa.account).exists()


def test_five_workers_at_every_tick_of_two_beats_ask_once(each: Scene, times: Times) -> None:
    """Each rental is asked for once a turn, whoever was nudged how often."""
    rentals = [each.rented() for _ in range(4)]
    for turn in range(1, 4):
        for rental in rentals:
            due(rental, times)
        asked = together(10, lambda: alone(operations.poll_account, each.account.pk))
        assert sum(asked) == 4
        assert reads(each) == 4 * turn
        times.move(5)
    assert {Rental.objects.get(pk=rental.pk).polls for rental in rentals} == {3}


def test_after_a_429_one_asks_before_all_the_others(each: Scene, times: Times) -> None:
    rentals = [each.rented() for _ in range(3)]
    each.fault("too-many-requests", times=3)
    each.poll(*rentals)
    times.move(60)
    each.account.refresh_from_db()
    assert each.account.throttled_until is not None
    assert each.poll(*rentals) == 1
    each.account.refresh_from_db()
    assert each.account.throttled_until is None
    assert each.poll(*rentals) == 3
