"""What those above have under way on a wallet, without importing them.

Imports go one way, so whoever rents with a wallet registers here (in its AppConfig's ready()) and
is asked each time that the wallet's balance is compared with the book. References are the words
under which the money is held and booked ("rental:42").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from accounts.models import ProviderAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A request that can move money and was unanswered at some moment since the one asked for.

    A rent takes `amount`; a cancel gives back up to `amount`.
    """

    reference: str
    amount: Decimal
    is_cancel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A rent that was sent at `since`, can't be answered any more, and may have been charged.

    From `ends` on the provider may have given back by itself what it charged.
    """

    reference: str
    amount: Decimal
    since: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """A rent that was booked at `booked` because the provider named no price.

    `other` is what it may have cost instead, None where nothing speaks for another price. Until
    `is_checked` the provider's prices were not read again since.
    """

    reference: str
    booked: Decimal
    other: Decimal | None
    is_checked: bool
    since: datetime

    @property
    def is_known(self) -> bool:
        """Whether the provider's prices were read since, and said the same."""
        return self.is_checked and self.other is None


class Renter(Protocol):
    def under_way(self, wallet: ProviderAccount, since: datetime) -> Iterable[UnderWay]:
        """What was unanswered at any moment from `since` on."""
        ...

    def in_doubt(self, wallet: ProviderAccount) -> Iterable[Doubt]: ...

    def assumed(self, wallet: ProviderAccount, since: datetime) -> Iterable[Assumed]:
        """The rents sent from `since` on whose price was not told."""
        ...


_renters: list[Renter] = []


def register(renter: Renter) -> None:
    _renters.append(renter)


def under_way(wallet: ProviderAccount, since: datetime) -> Sequence[UnderWay]:
    return [one for renter in _renters for one in renter.under_way(wallet, since)]


def in_doubt(wallet: ProviderAccount) -> Sequence[Doubt]:
    """Oldest first."""
    doubts = [one for renter in _renters for one in renter.in_doubt(wallet)]
    return sorted(doubts, key=lambda doubt: doubt.since)


def assumed(wallet: ProviderAccount, since: datetime) -> Sequence[Assumed]:
    """Oldest first."""
    prices = [one for renter in _renters for one in renter.assumed(wallet, since)]
    return sorted(prices, key=lambda price: price.since)
