"""What rentals have under way on a wallet, for whoever compares its balance with the book."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import ProviderAccount
from ledger.renters import Assumed, Doubt, UnderWay
from providers.registry import provider
from rentals import money
from rentals.models import Offer, ProviderAnswer, Rental
from rentals.operations.sending import LISTEN_FOR
from rentals.states import RentalState

# How long after it was sent a rent may still be answered, and the answer applied.
ANSWERED_WITHIN: Final = timedelta(seconds=LISTEN_FOR + 30)


class Renting:
    def under_way(self, wallet: ProviderAccount, since: datetime) -> Iterator[UnderWay]:
        for rental in _rents_under_way(wallet, since):
            yield UnderWay(reference=money.reference(rental.pk), amount=rental.price)
        for rental in _cancels_under_way(wallet, since):
            yield UnderWay(
                reference=money.reference(rental.pk),
                amount=rental.charged or rental.price,
                is_cancel=True,
            )

    def in_doubt(self, wallet: ProviderAccount) -> Iterator[Doubt]:
        doubts = _doubts(wallet).filter(sent_at__lte=timezone.now() - ANSWERED_WITHIN)
        for rental in doubts:
            assert rental.sent_at is not None  # noqa: S101 - as it was filtered
            yield Doubt(
                reference=money.reference(rental.pk),
                amount=rental.held,
                since=rental.sent_at,
                ends=rental.sent_at + timedelta(seconds=rental.ttl),
            )

    def assumed(self, wallet: ProviderAccount, since: datetime) -> Iterable[Assumed]:
        if provider(wallet.provider, wallet.server_prefix).capabilities.quotes_price:
            return []
        rentals = Rental.objects.filter(
            account=wallet, sent_at__gte=since, charged__isnull=False
        ).exclude(activation_id="")
        found = list(rentals)
        named = {rental.service_code for rental in found}
        offers = Offer.objects.filter(account=wallet, service_code__in=named)
        by_service = {offer.service_code: offer for offer in offers}
        return [_assumed(rental, by_service.get(rental.service_code)) for rental in found]


def _rents_under_way(wallet: ProviderAccount, since: datetime) -> QuerySet[Rental]:
    """Sent and unanswered, or answered since. A doubt counts while its answer may still come."""
    answered = ProviderAnswer.objects.filter(
        rental=OuterRef("pk"), call="rent", answered_at__gte=since
    )
    listened_to = Q(state=RentalState.IN_DOUBT, sent_at__gt=since - ANSWERED_WITHIN)
    unanswered = Q(state=RentalState.REQUESTED) | listened_to
    rentals = Rental.objects.filter(account=wallet, sent_at__isnull=False)
    return rentals.filter(unanswered | Exists(answered))


def _cancels_under_way(wallet: ProviderAccount, since: datetime) -> QuerySet[Rental]:
    """Sent and not concluded, or answered since."""
    answered = ProviderAnswer.objects.filter(
        rental=OuterRef("pk"), call="cancel", answered_at__gte=since
    )
    sent = Q(state=RentalState.CANCELLING, cancel_sent_at__isnull=False)
    return Rental.objects.filter(sent | Exists(answered), account=wallet)


def _doubts(wallet: ProviderAccount) -> QuerySet[Rental]:
    return Rental.objects.filter(
        account=wallet, state=RentalState.IN_DOUBT, sent_at__isnull=False
    ).order_by("sent_at", "pk")


def _assumed(rental: Rental, offer: Offer | None) -> Assumed:
    """The price that the member saw was booked; the catalogue may say another one by now."""
    assert rental.sent_at is not None and rental.charged is not None  # noqa: S101 - as filtered
    listed = offer.price if offer is not None and offer.gone_at is None else rental.charged
    return Assumed(
        reference=money.reference(rental.pk),
        booked=rental.charged,
        other=listed if listed != rental.charged else None,
        is_checked=offer is None or offer.read_at > rental.sent_at,
        since=rental.sent_at,
    )
