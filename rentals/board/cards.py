"""A rental as the pages show it to one member: what is hidden from them is not in here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from accounts.models import Membership
from ledger.states import AWAITED
from providers import phone
from providers.registry import provider
from rentals import spending
from rentals.causes import Cause
from rentals.models import Message, Rental, RentalEvent
from rentals.states import RentalState
from rentals.visibility import Sight, may_control, sight


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a card: `route` is where it is posted to, `verb` begins its id."""

    verb: str
    route: str
    label: str
    leads: bool = False  # it is what comes next


@dataclass(frozen=True)
class Card:
    """One rental, with no more of its number and messages than `sight` allows."""

    rental: Rental
    sight: Sight
    mine: bool
    controllable: bool
    now: datetime

    @cached_property
    def key(self) -> str:
        """The rental's number as text: a template writes an integer as the language does, and a
        card has its number eight times."""
        return str(self.rental.pk)

    @cached_property
    def number(self) -> str:
        """In groups, with the country code; "" where there is none or it is hidden."""
        known = self.rental.phone_e164 or self.rental.phone_raw
        return phone.international(known) if self.sight >= Sight.NUMBER and known else ""

    @cached_property
    def national_number(self) -> str:
        """The same as people of its country write it; "" where that says nothing more."""
        written = phone.national(self.number_to_copy) if self.number else ""
        return written if written != self.number else ""

    @property
    def number_to_copy(self) -> str:
        return self.rental.phone_e164 or self.rental.phone_raw if self.number else ""

    @property
    def copies_number(self) -> str:
        """What the button that copies it says to who can't see it."""
        return _("Copy number %(number)s") % {"number": self.number}

    @cached_property
    def _came(self) -> list[Message]:
        """All of its messages, the oldest first."""
        read: list[Message] | None = getattr(self.rental, "came", None)
        return list(self.rental.messages.all()) if read is None else read

    @cached_property
    def messages(self) -> list[Message]:
        """The confirmed ones first, newest first, so that no forged one hides the genuine code;
        empty where they are hidden."""
        if self.sight != Sight.ALL:
            return []
        newest_first = self._came[::-1]
        return sorted(newest_first, key=lambda message: message.confirmed_at is None)

    @property
    def newest(self) -> Message | None:
        return self.messages[0] if self.messages else None

    @property
    def earlier(self) -> list[Message]:
        return self.messages[1:]

    @property
    def awaits_confirmation(self) -> bool:
        """Whether a message that nobody confirmed yet is newer than the one shown first."""
        return any(message.seen_at > self.messages[0].seen_at for message in self.earlier)

    @property
    def is_being_checked(self) -> bool:
        """Whether the provider is still to be asked about a message that nobody confirmed."""
        return self.rental.is_open or self.rental.next_poll_at is not None

    @cached_property
    def hidden_messages(self) -> int:
        """How many messages this member could ask to see."""
        if self.sight != Sight.NUMBER:
            return 0
        return sum(message.purged_at is None for message in self._came)

    @property
    def removed_messages(self) -> int:
        """How many messages that they could have asked to see are removed."""
        if self.sight != Sight.NUMBER:
            return 0
        return len(self._came) - self.hidden_messages

    @property
    def holds_something(self) -> bool:
        """Whether a text, code or number is left that could be removed."""
        kept = any(message.purged_at is None for message in self._came)
        return kept or bool(self.rental.phone_raw or self.rental.wanted_number)

    @property
    def charged(self) -> Decimal | None:
        """What it was charged so far by the book; None where it was not."""
        return spending.charged(self.rental)

    @property
    def refunded(self) -> Decimal:
        """What of it came back so far."""
        return spending.refunded(self.rental)

    @property
    def net(self) -> Decimal:
        return (self.charged or Decimal(0)) - self.refunded

    @property
    def refund(self) -> int | None:
        """The claim for its refund, by its number."""
        claim: int | None = getattr(self.rental, "refund", None)
        return claim

    @property
    def awaits_refund(self) -> bool:
        return getattr(self.rental, "refund_state", None) in AWAITED

    @property
    def provider_name(self) -> str:
        return provider(self.rental.account.provider).name

    @property
    def refunds_at_once(self) -> bool:
        return provider(self.rental.account.provider).capabilities.refund_at_once

    @property
    def refusal(self) -> str:
        """Why it was refused, as the provider or the portal said; "" where nobody said."""
        refusals = getattr(self.rental, "refusals", None)
        if refusals is None:
            refusals = list(self.rental.events.filter(to_state=RentalState.REFUSED))
        if not refusals:
            return ""
        said = refusals[-1].note if self.sight == Sight.ALL else ""
        return said or f"{Cause(refusals[-1].cause).label}."

    @cached_property
    def counts_down(self) -> bool:
        return self.rental.is_open and self.rental.expires_at is not None

    @property
    def seconds_left(self) -> int:
        ends = self.rental.expires_at
        return max(0, round((ends - self.now).total_seconds())) if ends else 0

    @property
    def can_cancel(self) -> bool:
        return self.controllable and self.rental.can_cancel

    @property
    def can_finish(self) -> bool:
        return self.controllable and self.rental.can_finish

    @property
    def can_wait_for_more(self) -> bool:
        return self.controllable and self.rental.can_wait_for_more and self.seconds_left > 0

    @cached_property
    def actions(self) -> list[Action]:
        """What this member may do with it now."""
        return list(self._actions())

    def _actions(self) -> Iterator[Action]:
        if self.can_cancel:
            yield Action("cancel", "rental_cancel", _("Cancel"))
        if self.can_wait_for_more:
            yield Action("more", "rental_more", _("Wait for another SMS"))
        if self.can_finish:
            yield Action("finish", "rental_finish", _("Finish"), leads=True)

    @property
    def finishing(self) -> bool:
        asked = self.rental.finish_requested_at is not None
        return asked and self.rental.state == RentalState.RECEIVED


def read_refusals(rentals: Iterable[Rental]) -> None:
    """What cards say of why rentals were refused, in one query whatever their number."""
    refused = [rental for rental in rentals if rental.state == RentalState.REFUSED]
    events = RentalEvent.objects.filter(to_state=RentalState.REFUSED)
    prefetch_related_objects(refused, Prefetch("events", events, to_attr="refusals"))


def card(membership: Membership, rental: Rental, *, now: datetime) -> Card:
    """The rental as this member may see it."""
    return Card(
        rental=rental,
        sight=sight(membership, rental),
        mine=rental.member_id == membership.user_id,
        controllable=may_control(membership, rental),
        now=now,
    )
