"""What PostgreSQL itself keeps, whoever writes."""

import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rentals.causes import Cause
from rentals.models import InboxEntry, Message, ProviderAnswer, Rental, RentalEvent
from rentals.operations.transition import move
from rentals.states import LIVE, MOVES, OPEN
from rentals.states import RentalState as S
from tests.factories import make_member, make_message, make_provider_account, make_rental, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def rental() -> Iterator[Rental]:
    member = make_member(make_team())
    yield make_rental(member, make_provider_account(member.team))


def copied(rental: Rental, **changes: object) -> Rental:
    fields: dict[str, object] = {**Rental.objects.values().get(pk=rental.pk)}
    return Rental(**fields | {"id": None, "request_key": uuid.uuid4()} | changes)


def test_an_activation_has_one_rental_an_account(rental: Rental) -> None:
    with pytest.raises(IntegrityError, match="one_rental_an_activation"), transaction.atomic():
        copied(rental).save()
    elsewhere = make_provider_account(rental.team)
    copied(rental, account_id=elsewhere.pk).save()
    copied(rental, activation_id="").save()
    copied(rental, activation_id="").save()
    assert Rental.objects.count() == 4


def test_a_form_has_one_rental_a_member(rental: Rental) -> None:
    again = copied(rental, activation_id="", request_key=rental.request_key)
    with pytest.raises(IntegrityError, match="one_rental_a_submitted_form"), transaction.atomic():
        again.save()
    assert Rental.objects.count() == 1


@pytest.mark.parametrize("field", ["price", "held"])
def test_money_is_not_negative(rental: Rental, field: str) -> None:
    row = Rental.objects.filter(pk=rental.pk)
    with pytest.raises(IntegrityError, match="money_not_negative"), transaction.atomic():
        row.update(**{field: Decimal("-0.01")})


def test_a_message_stands_once_in_a_rental(rental: Rental) -> None:
    first = make_message(rental)
    with pytest.raises(IntegrityError, match="message_once_a_rental"), transaction.atomic():
        make_message(rental, provider_id=first.provider_id, text=first.text)
    assert Message.objects.count() == 1


def test_a_webhook_s_body_stands_once_an_account(rental: Rental) -> None:
    fields = {
        "account": rental.account,
        "body": b"{}",
        "body_sha256": b"0" * 32,
        "activation_id": "1",
        "received_at": rental.requested_at,
    }
    InboxEntry.objects.create(**fields)
    with pytest.raises(IntegrityError, match="webhook_body_once"), transaction.atomic():
        InboxEntry.objects.create(**fields)


@pytest.mark.parametrize("table", ["rentals_rentalevent", "rentals_provideranswer"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET rental_id = rental_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"],
)
def test_history_is_written_once(rental: Rental, table: str, statement: str) -> None:
    now = rental.requested_at
    rental.answers.create(call="rent", asked_at=now, answered_at=now, reply={}, verdict="done")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for none
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement.format(table))
    assert (RentalEvent.objects.count(), ProviderAnswer.objects.count()) == (1, 1)


# --- moves


def test_the_moves_are_those_of_the_design() -> None:
    """Spelled out once more, so that adding or dropping one is a decision."""
    assert {(str(a), str(b)) for a, bs in MOVES.items() for b in bs} == {
        ("requested", "waiting"),
        ("requested", "refused"),
        ("requested", "in_doubt"),
        ("in_doubt", "waiting"),
        ("in_doubt", "lost"),
        ("in_doubt", "refused"),
        ("refused", "waiting"),
        ("refused", "lost"),
        ("lost", "waiting"),
        ("waiting", "received"),
        ("waiting", "cancelling"),
        ("waiting", "expired"),
        ("cancelling", "cancelled"),
        ("cancelling", "waiting"),
        ("cancelling", "received"),
        ("cancelling", "expired"),
        ("expired", "received"),
        ("received", "received"),
        ("received", "finished"),
    }
    assert OPEN < LIVE
    assert not any(MOVES[state] for state in (S.FINISHED, S.CANCELLED))


@pytest.mark.parametrize("was", list(S))
def test_a_move_is_made_with_its_event_or_not_at_all(rental: Rental, was: S) -> None:
    for to in S:
        Rental.objects.filter(pk=rental.pk).update(state=was)
        events = rental.events.count()
        if to in MOVES[was]:
            moved = move(rental.pk, frm={was}, to=to, cause=Cause.SMS, now=rental.requested_at)
            assert moved is not None and moved.state == to
            latest = rental.events.latest("pk")
            assert (latest.from_state, latest.to_state) == (was, to)
            assert (moved.ended_at is None) == (to in LIVE)
        else:
            with pytest.raises(ValueError, match="can't go"), transaction.atomic():
                move(rental.pk, frm={was}, to=to, cause=Cause.SMS, now=rental.requested_at)
            assert Rental.objects.get(pk=rental.pk).state == was
            assert rental.events.count() == events


def test_a_rental_in_another_state_is_left_alone(rental: Rental) -> None:
    now = rental.requested_at
    assert rental.state == S.WAITING
    moved = move(
        rental.pk, frm={S.REQUESTED}, to=S.IN_DOUBT, cause=Cause.SMS, now=now, fields={"held": 5}
    )
    rental.refresh_from_db()
    assert (moved, rental.state, rental.held) == (None, S.WAITING.value, Decimal(0))
    assert rental.events.count() == 1
