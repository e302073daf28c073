"""Rows are written together, as they are, and are read as Django reads them."""

import pytest
from django.db import DataError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from rentals.causes import Cause
from rentals.models import Message, Rental, RentalEvent
from rentals.operations.rows import Writes, read
from rentals.states import RentalState as S
from rentals.states import Source
from tests.factories import make_rental
from tests.rentals.scene import Scene

TEXT = 'Kod: 482913\n{"a", NULL} \\x41 \' %s; ąę 🙂'


def message(rental: Rental, *, scene: Scene, **more: str) -> Message:
    return Message(
        rental=rental,
        provider_id=f"msg_{more['code'][:9]}",
        content_hash=bytes(range(224, 256)),
        source=Source.WEBHOOK,
        seen_at=scene.times.now(),
        **more,
    )


def test_all_is_written_at_once_and_reads_as_it_was(each: Scene) -> None:
    rental = make_rental(each.membership, each.account)
    rental.state, rental.purpose = S.RECEIVED, TEXT
    event = RentalEvent(rental=rental, at=each.times.now(), to_state=S.RECEIVED, cause=Cause.SMS)
    writes = Writes()
    writes.insert([message(rental, scene=each, code=code, text=TEXT) for code in ("1", "", "3")])
    writes.update([rental], ["state", "purpose"])
    writes.insert([event])
    writes.update([], ["state"])
    writes.insert([])
    with CaptureQueriesContext(connection) as asked:
        writes.send()
        writes.send()
    assert len(asked) == 1
    written = read(Message, "WHERE rental_id = %s ORDER BY id", [rental.pk])
    assert [(found.code, found.text) for found in written] == [("1", TEXT), ("", TEXT), ("3", TEXT)]
    assert {bytes(found.content_hash) for found in written} == {bytes(range(224, 256))}
    assert {found.confirmed_at for found in written} == {None}
    rental.refresh_from_db()
    assert (rental.state, rental.purpose) == (S.RECEIVED, TEXT)
    assert RentalEvent.objects.filter(rental=rental, to_state=S.RECEIVED).count() == 1


def test_a_row_is_read_as_django_reads_it(each: Scene) -> None:
    pk = make_rental(each.membership, each.account).pk
    (found,) = read(Rental, "WHERE id = %s FOR UPDATE", [pk])
    assert model_to_dict(found) == model_to_dict(Rental.objects.get(pk=pk))
    assert (found.pk, found._state.adding, found._state.db) == (pk, False, connection.alias)


def test_what_is_too_long_is_refused_and_not_cut(each: Scene) -> None:
    rental = make_rental(each.membership, each.account)
    writes = Writes()
    writes.insert([message(rental, scene=each, code="4" * 41)])
    with pytest.raises(DataError), transaction.atomic():
        writes.send()
    assert not rental.messages.exists()
