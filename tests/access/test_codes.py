"""What came for another is on no page, in no part of one and in no file, until somebody asks."""

from http import HTTPStatus

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from accounts.models import AuditEvent
from rentals.models import Message, ProviderAnswer, RentalEvent
from tests.access.matrix import MATRIX
from tests.access.test_matrix import ask, enter
from tests.access.world import World
from tests.factories import make_message

CODE, TEXT = "918273", "Sesame, open with nine one eight"
READ = [name for name, row in MATRIX.items() if "GET" in row.methods]


@pytest.fixture
def came(world: World) -> World:
    """A code that stands in the message, in a note, and in the provider's own answer."""
    message = make_message(world.rental, CODE, text=TEXT)
    now = message.seen_at
    said = {"status": 200, "headers": {}, "body": f'{{"code": "{CODE}", "text": "{TEXT}"}}'}
    RentalEvent.objects.create(
        rental=world.rental, at=now, to_state="received", cause="received", note=f"Code {CODE}"
    )
    ProviderAnswer.objects.create(
        rental=world.rental,
        call="poll",
        asked_at=now,
        answered_at=now,
        reply=said,
        verdict="done",
        detail=f"said {CODE}",
    )
    return world


def content(response: HttpResponseBase) -> str:
    if isinstance(response, StreamingHttpResponse):
        return b"".join(response).decode(errors="replace")
    assert isinstance(response, HttpResponse)
    return response.content.decode(errors="replace")


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("visitor", ["admin", "finance"])
def test_nothing_shows_it_unasked(came: World, visitor: str, *, htmx: bool) -> None:
    client = enter(came, visitor, htmx=htmx)
    shown = 0
    for name in READ:
        response = ask(client, came, name, "GET")
        if response.status_code == HTTPStatus.OK:
            text = content(response)
            shown += 1
            assert CODE not in text, name
            assert TEXT not in text, name
    assert shown > 20
    assert not AuditEvent.objects.filter(action="rental.code_shown").exists()


def test_its_member_needs_no_asking(came: World) -> None:
    client = enter(came, "member")
    assert CODE in content(ask(client, came, "rental_card", "GET"))
    assert TEXT in content(ask(client, came, "rental_detail", "GET"))


def test_asked_with_a_reason_it_is_shown_once(came: World) -> None:
    client = enter(came, "admin")
    asked = ask(client, came, "rental_show_code", "POST")
    assert CODE in content(asked)
    event = AuditEvent.objects.get(action="rental.code_shown")
    seen = Message.objects.filter(rental=came.rental)
    assert event.after["messages"] == sorted(seen.values_list("pk", flat=True))
    assert event.reason
    assert event.address == "127.0.0.1"
    for name in ("rental_card", "rental_detail", "board"):
        assert CODE not in content(ask(client, came, name, "GET")), name


def test_what_is_not_written_down_is_not_shown(came: World) -> None:
    client = enter(came, "admin")
    client.raise_request_exception = False
    with connection.cursor() as cursor:  # a log that takes no such event
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_auditevent ADD CHECK (action <> 'rental.code_shown')")
    response = ask(client, came, "rental_show_code", "POST")
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert CODE not in content(response)
