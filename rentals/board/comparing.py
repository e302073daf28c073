"""Offers beside each other: in one currency, and which of a service is the best in what."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from accounts.models import Team
from ledger.queries.rates import latest_rates
from rentals.models import Offer

CENT: Final = Decimal("0.01")
SMALL: Final = Decimal("0.0001")  # where a cent would say too little of a price

type Figures = Mapping[Offer, Decimal | int]


def compare(team: Team, offers: Sequence[Offer], *, day: date) -> None:
    """Say of each offer what it costs in the team's own currency, and in what it is the best.

    In one query, or none where all prices are of one currency: those need no rate.
    """
    prices = _comparable(team, offers, day)
    for rivals in _by_service(offers):
        if all(offer in prices for offer in rivals):
            _mark("price", {offer: -prices[offer] for offer in rivals})
        tried = [offer for offer in rivals if offer.success is not None]
        _mark("success", {o: o.success for o in tried if o.success is not None})
        _mark("wait", {o: -o.median_wait for o in tried if o.median_wait is not None})


def _comparable(team: Team, offers: Sequence[Offer], day: date) -> dict[Offer, Decimal]:
    """The prices in one currency, of those that there is a rate for."""
    into = team.reporting_currency
    currencies = {offer.account.currency for offer in offers}
    if len(currencies) < 2:
        return {offer: offer.price for offer in offers}
    rates = latest_rates(team, currencies - {into}, day)
    prices = {offer: offer.price for offer in offers if offer.account.currency == into}
    for offer in offers:
        if rate := rates.get(offer.account.currency):
            prices[offer] = offer.price * rate.rate
            offer.about = _rounded(prices[offer])
    return prices


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT if amount >= 10 * CENT else SMALL)


def _by_service(offers: Iterable[Offer]) -> list[list[Offer]]:
    """Those that can be had, of each service that several accounts offer."""
    found: defaultdict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        if not offer.refused and offer.stock != 0 and offer.account.key_refused_at is None:
            found[offer.name.casefold()].append(offer)
    return [rivals for rivals in found.values() if len(rivals) > 1]


def _mark(what: str, figures: Figures) -> None:
    """The offers with the highest figure, unless all have the same."""
    if len(set(figures.values())) < 2:
        return
    best = max(figures.values())
    for offer, figure in figures.items():
        if figure == best:
            offer.best |= {what}
