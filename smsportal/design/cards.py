"""Rentals in every state, of nobody and in no database, as cards of the board."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from accounts.models import ProviderAccount, Team, User
from rentals.board.cards import Card
from rentals.models import Message, Rental
from rentals.states import RentalState
from rentals.visibility import Sight

TEAM: Final = Team(name="Nobody", slug="-")  # a slug that no team gets: what is pressed is a 404
TTL: Final = 1200  # seconds
PRICE: Final = Decimal("0.45")
NUMBERLESS: Final = {
    RentalState.REQUESTED,
    RentalState.REFUSED,
    RentalState.IN_DOUBT,
    RentalState.LOST,
}


@dataclass(frozen=True)
class Example(Card):
    """A card that asks no database."""

    said: tuple[Message, ...] = ()
    hidden: int = 0

    @cached_property
    def messages(self) -> list[Message]:
        return [*self.said]

    @cached_property
    def hidden_messages(self) -> int:
        return self.hidden

    @property
    def removed_messages(self) -> int:
        return 0

    @property
    def charged(self) -> Decimal | None:
        return None if self.rental.state in NUMBERLESS else PRICE

    @property
    def refunded(self) -> Decimal:
        return PRICE if self.rental.state == RentalState.CANCELLED else Decimal(0)

    @property
    def refusal(self) -> str:
        return "The wallet holds too little."


def cards(now: datetime) -> list[Card]:
    return list(_cards(now))


def _cards(now: datetime) -> Iterator[Card]:
    for number, state in enumerate(RentalState):
        said = (_message(now),) if state in (RentalState.RECEIVED, RentalState.FINISHED) else ()
        yield _card(now, number, state, said=said)
    short = now - timedelta(seconds=TTL - 45)
    yield _card(now, 20, RentalState.WAITING, at=short)
    more = (_message(now, 1), _message(now, 2, code="730164", confirmed_at=None))
    yield _card(now, 21, RentalState.RECEIVED, said=more, multiple_sms=True)
    doubtful = (_message(now, 3, confirmed_at=None),)
    yield _card(now, 22, RentalState.RECEIVED, said=doubtful)
    worded = (_message(now, 4, code="", text="Follow the link to sign in, within ten minutes."),)
    yield _card(now, 23, RentalState.RECEIVED, said=worded)
    yield _card(now, 24, RentalState.RECEIVED, sight=Sight.NUMBER, hidden=2)


def _card(
    now: datetime,
    number: int,
    state: RentalState,
    *,
    at: datetime | None = None,
    said: tuple[Message, ...] = (),
    hidden: int = 0,
    sight: Sight = Sight.ALL,
    **fields: Any,
) -> Card:
    return Example(
        rental=_rental(number, state, at or now - timedelta(minutes=3), **fields),
        sight=sight,
        mine=sight == Sight.ALL,
        controllable=sight == Sight.ALL,
        now=now,
        said=said,
        hidden=hidden,
    )


def _rental(number: int, state: RentalState, at: datetime, **fields: Any) -> Rental:
    phone = "" if state in NUMBERLESS else f"+1202555{100 + number:04d}"
    return Rental(
        pk=number,
        team=TEAM,
        member=User(name="A member", email="member@example.org"),
        account=ProviderAccount(provider="smsgig", label="A wallet", currency="USD"),
        service_name="A service",
        purpose="Sign-up flow",
        state=state,
        currency="USD",
        price=PRICE,
        held=PRICE if state in (RentalState.REQUESTED, RentalState.IN_DOUBT) else Decimal(0),
        phone_e164=phone,
        ttl=TTL,
        requested_at=at,
        expires_at=at + timedelta(seconds=TTL) if phone else None,
        **fields,
    )


def _message(now: datetime, number: int = 0, **fields: Any) -> Message:
    code = fields.pop("code", "482913")
    text = fields.pop("text", f"Your code is {code}")
    given = {"pk": number, "code": code, "text": text, "seen_at": now, "confirmed_at": now}
    return Message(**given | fields)
