"""Page-shaped reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    IntegerField,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Lower

from accounts.models import Membership, ProviderAccount, Team, User
from ledger.days import team_day
from providers.registry import provider
from rentals.board.cards import Card, card, read_refusals
from rentals.board.comparing import compare
from rentals.board.habits import Habits
from rentals.models import Message, Offer, Rental
from rentals.models.rentals import RentalQuerySet
from rentals.policy import Terms, about_offer
from rentals.spending import with_money
from rentals.visibility import visible_rentals

OFFERS_SHOWN = 30
JUST_ENDED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Found:
    """Offers for a search, the best first, and how many more there are. `who` could change what
    the team's rules refuse of them; nobody where they refuse nothing."""

    offers: list[Offer]
    more: int
    words: str
    who: list[User]

    @property
    def learned(self) -> bool:
        """Whether of any of them it is known how it does."""
        return any(offer.success is not None for offer in self.offers)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A provider account as the rent form tells of it."""

    account: ProviderAccount
    provider_name: str
    chooses_number: bool


@dataclass(frozen=True, slots=True)
class Board:
    """The rentals on the board: live ones, and those that just ended or just got an SMS."""

    live: list[Card]
    ended: list[Card]


def accounts_in_use(team: Team) -> QuerySet[ProviderAccount]:
    return team.provider_accounts.filter(archived_at__isnull=True).order_by("label")


def catalogues(team: Team) -> list[Catalogue]:
    return [_catalogue(account) for account in accounts_in_use(team)]


def _catalogue(account: ProviderAccount) -> Catalogue:
    adapter = provider(account.provider)
    return Catalogue(account, adapter.name, adapter.capabilities.choose_number)


def offers_of(team: Team) -> QuerySet[Offer]:
    """What the team could rent at this moment, as far as the catalogues know."""
    return Offer.objects.filter(
        account__team=team, account__archived_at__isnull=True, gone_at__isnull=True
    ).select_related("account")


def search_offers(
    membership: Membership,
    words: str,
    terms: Terms,
    mine: Habits,
    *,
    now: datetime,
    chosen: int | None = None,
) -> Found:
    """Offers whose name, code or account holds each word; without words the member's own first.

    Of those that fit alike what has a star comes first, and of one name the usual account's. What
    the team's rules refuse is among them, with what they say; without words it comes last. The
    `chosen` offer stays among them where it is still to be had.
    """
    offers = offers_of(membership.team)
    fitting = offers
    for word in words.split():
        named = Q(name__icontains=word) | Q(service_code__icontains=word)
        fitting = fitting.filter(named | Q(account__label__icontains=word))
    ranked = _ranked(fitting, words.strip(), terms, mine)
    found = list(ranked[:OFFERS_SHOWN])
    more = max(0, fitting.count() - OFFERS_SHOWN)
    if chosen is not None and chosen not in {offer.pk for offer in found}:
        found = [*offers.filter(pk=chosen), *found]
    for offer in found:
        offer.refused = about_offer(terms, offer.name, offer.price, offer.account.currency)
        offer.starred = offer.pk in mine.stars
    compare(membership.team, found, day=team_day(membership.team, now))
    who = membership.team.admins() if any(offer.refused for offer in found) else []
    return Found(found, more, words.strip(), who)


def _ranked(offers: QuerySet[Offer], words: str, terms: Terms, mine: Habits) -> QuerySet[Offer]:
    alike = ("lowered", mine.usual_account_first, "account__label", "pk")
    named = offers.annotate(lowered=Lower("name"))
    if words:
        return named.order_by(_closeness(words), mine.starred_first, *alike)
    refused = Case(
        When(_refused(terms), then=Value(1)), default=Value(0), output_field=IntegerField()
    )
    return named.order_by(refused, mine.starred_first, mine.used_first, *alike)


def _closeness(words: str) -> Case:
    return Case(
        When(name__iexact=words, then=Value(0)),
        When(name__istartswith=words, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )


def _refused(terms: Terms) -> Q:
    """What the rules refuse of offers with their `lowered` name, as near as an order needs it."""
    refused = Q(pk__in=())
    if terms.services:
        refused |= ~Q(lowered__in=[name.lower() for name in terms.services])
    for currency, highest in terms.highest.items():
        refused |= Q(account__currency=currency, price__gt=highest)
    return refused


def board(membership: Membership, *, everyone: bool, now: datetime) -> Board:
    """The cards on the board; of the whole team where `everyone` and the member may see it."""
    rentals = visible_rentals(membership)
    if not everyone:
        rentals = rentals.filter(member=membership.user_id)
    found = rentals.filter(pk__in=_on_board(rentals, membership.team, now))
    listed = list(shown(found).order_by("-requested_at", "-pk"))
    over = [rental for rental in listed if not rental.is_live]
    read_refusals(over)
    ended = sorted(over, key=_since, reverse=True)
    return Board(
        live=[card(membership, rental, now=now) for rental in listed if rental.is_live],
        ended=[card(membership, rental, now=now) for rental in ended],
    )


def _on_board(rentals: RentalQuerySet, team: Team, now: datetime) -> QuerySet[Any, Any]:
    """The numbers of the live ones, and of those in the team that just ended or just got an SMS:
    each by an index of its own."""
    live = rentals.live().values("pk")
    ended = Rental.objects.filter(team=team, ended_at__gt=now - JUST_ENDED).values("pk")
    late = Message.objects.filter(rental__team=team, seen_at__gt=now - JUST_ENDED)
    return live.union(ended, late.order_by().values("rental"))


def _since(rental: Rental) -> datetime:
    return rental.ended_at or rental.requested_at


def shown(rentals: RentalQuerySet) -> RentalQuerySet:
    """With what a card needs, in three queries whatever their number."""
    # In a list of their own: for `messages` Django would make a query set for each rental.
    messages = Prefetch("messages", to_attr="came")
    return with_money(rentals.select_related("account", "member").prefetch_related(messages))
