"""Rentals: by service, purpose and member, by their own number and by a number's last digits.

A team's rentals may be a million, and the words stand anywhere in them. They are looked for among
the services, purposes and people that there are, which are few, and those lead to the rentals by
an index; a number's last digits have one of their own.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Reverse
from django.urls import reverse

from accounts.models import Membership
from rentals.board.cards import card
from rentals.finding.hits import Hit
from rentals.finding.known import Known
from rentals.history.filters import FEWEST_DIGITS
from rentals.models import Rental
from rentals.models.rentals import RentalQuerySet
from rentals.visibility import visible_rentals, with_number

MOST: Final = 8
MOST_ENDING: Final = 5_000  # of a million, three digits end a thousand
_LARGEST: Final = 2**63 - 1


def find(membership: Membership, words: list[str], known: Known, *, now: datetime) -> list[Hit]:
    """The newest that fit all words."""
    visible = visible_rentals(membership)
    ids = {*_newest(_by_words(visible, words, known)), *_by_number(membership, words, known)}
    found = visible.filter(pk__in=ids).select_related("account", "member")
    return [
        Hit(
            rental.service_name,
            reverse("rental_detail", args=[membership.team.slug, rental.pk]),
            card=card(membership, rental, now=now),
        )
        for rental in found.order_by("-requested_at", "-pk")[:MOST]
    ]


def _by_words(rentals: RentalQuerySet, words: Iterable[str], known: Known) -> RentalQuerySet:
    for word in words:
        rentals = rentals.filter(
            Q(service_name__in=known.services(word))
            | Q(purpose__in=known.purposes(word))
            | Q(member__in=[user.pk for user in known.people(word)])
        )
    return rentals


def _newest(rentals: RentalQuerySet) -> QuerySet[Rental, int]:
    return rentals.order_by("-requested_at", "-pk").values_list("pk", flat=True)[:MOST]


def _by_number(membership: Membership, words: list[str], known: Known) -> set[int]:
    """A rental's own number, or the last digits of the phone's; the other words narrow it down."""
    figures = [word for word in words if not any(map(str.isalpha, word))]
    others = [word for word in words if word not in figures]
    rentals = _by_words(visible_rentals(membership), others, known)
    own = "".join(figures).removeprefix("#")
    is_own = own.isdecimal() and int(own) <= _LARGEST
    found = set(rentals.filter(pk=int(own)).values_list("pk", flat=True)) if is_own else set()
    digits = "".join(sign for word in figures for sign in word if sign in "0123456789")
    if len(digits) >= FEWEST_DIGITS:
        theirs = rentals.filter(with_number(membership))
        found.update(_newest(theirs.filter(pk__in=_ending_in(membership.team_id, digits))))
    return found


def _ending_in(team_id: int, digits: str) -> QuerySet[Rental, int]:
    """By themselves, at most so many: else PostgreSQL reads the team from its newest on."""
    rentals = Rental.objects.filter(team=team_id).exclude(phone_raw="")
    turned = rentals.alias(turned=Reverse("phone_raw")).filter(turned__startswith=digits[::-1])
    return turned.values_list("pk", flat=True)[:MOST_ENDING]
