"""Many webhooks at once: with few statements, and what is wrong with one is no other's trouble."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from rentals.models import InboxEntry, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations import apply_inbox_entries
from rentals.operations.inbox import apply_early_entries
from rentals.states import RentalState as S
from tests.factories import make_rental
from tests.rentals.checks import alone
from tests.rentals.scene import Scene, SetScene, codes
from tests.waiting import until

REFUSE = "ALTER TABLE rentals_message ADD CONSTRAINT refused CHECK (code <> '666666') NOT VALID"
REFUSE_NO_MORE = "ALTER TABLE rentals_message DROP CONSTRAINT refused"


def waiting(scene: Scene, number: int) -> list[Rental]:
    return [make_rental(scene.membership, scene.account) for _ in range(number)]


def told(scene: Scene, rental: Rental, code: str, number: int = 1) -> InboxEntry:
    """A webhook with a code that waits to be applied."""
    fields = {
        "activation_id": int(rental.activation_id),
        "message_id": f"{number}",
        "service": rental.service_code,
        "code": code,
        "text": f"Your code is {code}",
    }
    return scene.taken(json.dumps(fields).encode())


def applied(scene: Scene, entries: list[InboxEntry]) -> int:
    done = apply_inbox_entries([entry.pk for entry in entries], now=scene.times.now())
    for entry in entries:
        entry.refresh_from_db()
    return done


def statements(scene: Scene, rentals: int) -> int:
    """How many it takes to apply a webhook for each of so many."""
    entries = [told(scene, rental, "482913") for rental in waiting(scene, rentals)]
    with CaptureQueriesContext(connection) as asked:
        assert applied(scene, entries) == rentals
    return len(asked) - len(entries)  # they are read again


def test_more_webhooks_take_no_more_statements(each: Scene) -> None:
    assert statements(each, 30) <= statements(each, 2)


def test_one_alone_takes_four_reads_and_writes_once(scene: SetScene) -> None:
    """Between its BEGIN and its COMMIT: each is one more wait on the code's way to the screen."""
    assert statements(scene("smsgig"), 1) == 7


def test_a_rental_with_several_at_once_goes_through_each(each: Scene) -> None:
    (rental,) = waiting(each, 1)
    Rental.objects.filter(pk=rental.pk).update(state=S.CANCELLING)
    entries = [told(each, rental, f"{n}11111", n) for n in (1, 2, 3)]
    again = told(each, rental, "111111", 1)
    assert again.pk == entries[0].pk
    assert applied(each, entries) == 3
    assert {entry.outcome for entry in entries} == {InboxOutcome.NEW_MESSAGE}
    signed = each.provider == "smsgig"
    assert codes(rental, confirmed=signed) == ["111111", "211111", "311111"]
    causes = list(rental.events.values_list("cause", flat=True))
    assert causes == ["requested", *(["sms_came_first", "sms", "sms"] if signed else [])]


@pytest.mark.parametrize("body", [b"not JSON", b'{"activation_id": 1, "code": {}}'])
def test_one_that_cannot_be_read_keeps_no_other_waiting(each: Scene, body: bytes) -> None:
    rentals = waiting(each, 3)
    entries = [told(each, rental, "482913") for rental in rentals]
    InboxEntry.objects.filter(pk=entries[1].pk).update(body=body)
    assert applied(each, entries) == 2
    assert [entry.applied_at is not None for entry in entries] == [True, False, True]
    assert [rental.messages.count() for rental in rentals] == [1, 0, 1]


def test_one_that_the_database_refuses_keeps_no_other_waiting(each: Scene) -> None:
    first, second = waiting(each, 2)
    entries = [
        told(each, first, "482913", 1),
        told(each, first, "666666", 2),
        told(each, second, "482913"),
    ]
    with connection.cursor() as cursor:
        cursor.execute(REFUSE)
        try:
            assert applied(each, entries) == 2
        finally:
            cursor.execute(REFUSE_NO_MORE)
    assert [entry.outcome for entry in entries] == ["new_message", "", "new_message"]
    assert first.messages.get().code == "482913"
    assert applied(each, entries) == 1, "and is found again once it can be applied"
    assert first.messages.count() == 2


def test_rentals_are_locked_in_the_order_of_their_ids(each: Scene) -> None:
    """While it waits for the first, it holds none that another may have locked before."""
    first, second = waiting(each, 2)
    earlier = told(each, second, "482913")
    InboxEntry.objects.filter(pk=earlier.pk).update(
        received_at=each.times.now() - timedelta(minutes=1)
    )
    entries = [earlier, told(each, first, "482913")]
    worker = threading.Thread(target=lambda: alone(applied, each, entries))
    with transaction.atomic():
        Rental.objects.select_for_update().get(pk=first.pk)
        worker.start()
        until(_somebody_waits, "the worker waits for the first")
        try:
            Rental.objects.select_for_update(nowait=True).get(pk=second.pk)
        except DatabaseError:
            pytest.fail("the second is locked already")
    worker.join()
    assert [rental.messages.count() for rental in (first, second)] == [1, 1]


def test_one_that_somebody_does_not_know_yet_is_applied_once_they_are_done(each: Scene) -> None:
    """A webhook that came before the answer to our rent, and is being looked at as that comes."""
    (rental,) = waiting(each, 1)
    entry = told(each, rental, "482913")
    worker = threading.Thread(
        target=lambda: alone(lambda: apply_early_entries(rental, now=each.times.now()))
    )
    with transaction.atomic():
        InboxEntry.objects.select_for_update().get(pk=entry.pk)
        worker.start()
        until(_somebody_waits, "whoever knows the rental waits for the entry")
        assert not rental.messages.exists()
    worker.join()
    assert rental.messages.get().code == "482913"


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        (waiters,) = cursor.fetchone()
    return bool(waiters)
