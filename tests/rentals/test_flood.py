"""Somebody who knows an unsigned webhook's address can neither flood a rental nor hide its code."""

from rentals.board.cards import card
from rentals.models.inbox import InboxOutcome
from rentals.operations.receiving import MOST_UNCONFIRMED
from tests.rentals.scene import SetScene, codes

EXTRA = 5


def test_a_flood_of_forged_messages_is_cut_off_and_the_genuine_code_stands_first(
    scene: SetScene,
) -> None:
    here = scene("smsvilla")
    rental = here.rented()
    entries = [here.hook(_forged(rental.activation_id, n)) for n in range(MOST_UNCONFIRMED + EXTRA)]
    assert [entry.outcome for entry in entries[-EXTRA:]] == [InboxOutcome.TOO_MANY] * EXTRA
    here.sms(rental, code="482913")
    here.poll(rental)
    here.hook(_forged(rental.activation_id, 99))
    assert codes(rental) == ["482913"]
    assert len(codes(rental, confirmed=False)) == MOST_UNCONFIRMED
    newest = card(here.membership, rental, now=here.times.now()).newest
    assert newest is not None
    assert newest.code == "482913"


def _forged(activation_id: str, number: int) -> bytes:
    code = f"{number:06d}"
    return (
        f'{{"activationId": {activation_id}, "messageId": {number}, "service": "whatsapp", '
        f'"code": "{code}", "text": "Your code is {code}"}}'
    ).encode()
