"""Each request to a provider is a line of the log: what came of it, and nothing secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from accounts import gateway, request_log
from accounts.models import SentRequest
from accounts.states import Lane, Verdict
from providers import judging
from providers.calls import Delivered, Reply
from rentals import operations
from rentals.states import RentalState
from tests.rentals.scene import Scene
from tests.rentals.times import Times

CODE = "482913"


def lines(scene: Scene) -> list[SentRequest]:
    return list(SentRequest.objects.filter(account=scene.account).order_by("pk"))


@contextmanager
def no_log() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_sentrequest RENAME TO elsewhere")
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE elsewhere RENAME TO accounts_sentrequest")


def test_the_words_are_those_of_the_wires() -> None:
    assert set(Verdict.values) == {each.value for each in judging.Verdict}


def test_a_rentals_life_is_told_without_what_is_secret(each: Scene, times: Times) -> None:
    rental = each.received(code=CODE)
    cancelled = each.rented()
    operations.cancel_rental(rental=cancelled, actor=each.membership.user, now=times.now())
    each.control(cancelled)
    found = lines(each)
    assert {line.lane for line in found} == {Lane.RENT, Lane.POLL, Lane.CONTROL}
    assert {line.call for line in found} >= {"rent", "poll", "cancel"}
    # One provider knows no activation any more that was cancelled.
    gone = [line for line in found if line.verdict == Verdict.NOT_FOUND]
    assert all((line.status, line.lane) == (404, Lane.CONTROL) for line in gone)
    done = [line for line in found if line not in gone]
    assert all(line.status == 200 and line.verdict == Verdict.DONE for line in done)
    assert all(line.bytes > 0 and not line.detail for line in done)
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(line::text) FROM accounts_sentrequest line")
        written = str(cursor.fetchone()[0])
    for secret in (each.key, CODE, rental.activation_id, rental.phone_raw.removeprefix("+")):
        assert secret not in written


def test_polls_of_a_turn_are_one_line_and_their_errors_one_each(each: Scene, times: Times) -> None:
    rentals = [each.rented() for _ in range(6)]
    before = len(lines(each))
    each.fault("error", endpoint="*", status=503, times=2)
    assert each.poll(*rentals) == 6
    polled = lines(each)[before:]
    well = [line for line in polled if line.verdict == Verdict.DONE]
    assert [(line.lane, line.count) for line in well] == [(Lane.POLL, 4)]
    failed = [line for line in polled if line.verdict != Verdict.DONE]
    assert [(line.verdict, line.count, line.status) for line in failed] == [
        (Verdict.UNAVAILABLE, 1, 503)
    ] * 2


@pytest.mark.parametrize(
    ("fault", "options", "verdict", "status"),
    [
        ("error", {"status": 401}, Verdict.BAD_KEY, 401),
        ("error", {"status": 500}, Verdict.UNAVAILABLE, 500),
        ("too-many-requests", {}, Verdict.THROTTLED, 429),
        ("garbage", {"body": "html"}, Verdict.UNAVAILABLE, 200),
        ("cut", {}, Verdict.UNAVAILABLE, None),
    ],
)
def test_what_went_wrong_is_told(
    each: Scene,
    times: Times,
    fault: str,
    options: dict[str, object],
    verdict: Verdict,
    status: int | None,
) -> None:
    each.fault(fault, endpoint="balance", times=1, **options)
    door = gateway.open_door(each.account)
    gateway.send(each.account, door.provider.balance(), lane=Lane.BALANCE, now=times.now())
    (line,) = lines(each)
    assert (line.verdict, line.lane, line.path) == (verdict, Lane.BALANCE, "/balance")
    assert line.detail
    if status is not None:
        assert line.status == status


def test_a_request_that_was_not_sent_is_not_told(each: Scene, times: Times) -> None:
    type(each.account).objects.filter(pk=each.account.pk).update(
        throttled_until=times.now() + timedelta(minutes=1)
    )
    each.account.refresh_from_db()
    call = gateway.open_door(each.account).provider.balance()
    with pytest.raises(gateway.OverBudget):
        gateway.send(each.account, call, lane=Lane.BALANCE, now=times.now())
    assert lines(each) == []


def test_a_log_that_can_not_be_written_costs_no_rent_and_no_code(each: Scene, times: Times) -> None:
    with no_log():
        rental = each.received(code=CODE)
    assert rental.state == RentalState.RECEIVED
    assert rental.messages.get().code == CODE
    assert lines(each) == []


def test_what_is_older_than_a_week_is_forgotten(
    each: Scene, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_log, "AT_ONCE", 2)
    call = gateway.open_door(each.account).provider.balance()
    reply = Reply(Delivered.ANSWERED, status=200, body=b"{}")
    ages = [timedelta(days=days) for days in (6.9, 7.1, 8, 9, 30)]
    request_log.keep(
        [
            request_log.line(each.account.pk, call, reply, lane=Lane.BALANCE, at=times.now() - age)
            for age in ages
        ]
    )
    assert request_log.forget(now=times.now()) == 4
    (kept,) = lines(each)
    assert times.now() - kept.at < request_log.KEPT_FOR
