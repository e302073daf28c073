"""A wish is held against a team's rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ledger.amounts import said
from rentals.policy import tickets
from rentals.policy.terms import PurposeRule, Terms, service_key


class Rule(models.TextChoices):
    """The rules by which a rental can be refused."""

    SERVICE = "service", gettext_lazy("Services allowed")
    PRICE = "price", gettext_lazy("Highest price")
    PURPOSE = "purpose", gettext_lazy("Purpose")
    MOST_LIVE = "most_live", gettext_lazy("Live rentals a member")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which rule says no, and why, in a person's words."""

    rule: Rule
    words: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to rent; `price` in `currency`."""

    service: str
    price: Decimal
    currency: str
    purpose: str


def decide(terms: Terms, wish: Wish, *, live: int, doubts: int = 0) -> list[Refusal]:
    """All that speaks against a wish of somebody who has `live` live rentals, `doubts` of them in
    doubt; nothing: go ahead."""
    return [
        *about_offer(terms, wish.service, wish.price, wish.currency),
        *_about_purpose(terms, wish.purpose),
        *_about_live(terms, live, doubts),
    ]


def about_offer(terms: Terms, service: str, price: Decimal, currency: str) -> list[Refusal]:
    """What speaks against an offer, whoever wants it and whatever for."""
    return [*_about_service(terms, service), *_about_price(terms, price, currency)]


def _about_service(terms: Terms, service: str) -> Iterator[Refusal]:
    if terms.services and service_key(service) not in terms.service_keys:
        words = _("%(service)s is not among the services that the team allows.")
        yield Refusal(Rule.SERVICE, words % {"service": service})


def _about_price(terms: Terms, price: Decimal, currency: str) -> Iterator[Refusal]:
    highest = terms.highest.get(currency)
    if highest is not None and price > highest:
        words = _("It costs %(price)s, and the team allows up to %(highest)s.")
        told = {"price": said(price, currency), "highest": said(highest, currency)}
        yield Refusal(Rule.PRICE, words % told)


def _about_purpose(terms: Terms, purpose: str) -> Iterator[Refusal]:
    match terms.purpose_rule:
        case PurposeRule.REQUIRED if not purpose:
            yield Refusal(Rule.PURPOSE, _("Say what the number is for."))
        case PurposeRule.LISTED if purpose not in terms.purposes:
            yield Refusal(Rule.PURPOSE, _("Choose what the number is for from the team’s list."))
        case PurposeRule.TICKET if not _is_ticket(terms, purpose):
            words = _("Give the ticket that the number is for, such as %(ticket)s.")
            examples = _(" or ").join(map(tickets.example, terms.tickets[:3]))
            yield Refusal(Rule.PURPOSE, words % {"ticket": examples})


def _is_ticket(terms: Terms, purpose: str) -> bool:
    return any(tickets.matches(pattern, purpose) for pattern in terms.tickets)


def _about_live(terms: Terms, live: int, doubts: int) -> Iterator[Refusal]:
    if terms.most_live is not None and live >= terms.most_live:
        words = _too_many(terms.most_live) if doubts < live else _nothing_to_end(terms.most_live)
        if doubts:
            words += " " + ngettext(
                "%(doubts)s is in doubt: it counts until it is known what came of it, or finance "
                "decides.",
                "%(doubts)s are in doubt: they count until it is known what came of them, or "
                "finance decides.",
                doubts,
            )
        told = {"most": terms.most_live, "live": live, "doubts": doubts}
        yield Refusal(Rule.MOST_LIVE, words % told)


def _too_many(most: int) -> str:
    return ngettext(
        "The team allows each member %(most)s live rental, and you have %(live)s. Finish or "
        "cancel it first.",
        "The team allows each member %(most)s live rentals, and you have %(live)s. Finish or "
        "cancel one first.",
        most,
    )


def _nothing_to_end(most: int) -> str:
    """All of them are in doubt: whoever rented them can neither finish nor cancel one."""
    return ngettext(
        "The team allows each member %(most)s live rental, and you have %(live)s.",
        "The team allows each member %(most)s live rentals, and you have %(live)s.",
        most,
    )
