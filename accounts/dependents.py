"""What other applications have running on a provider account or a team, without importing them.

Imports go one way, so whoever builds on these registers here (in its AppConfig's
ready()) and is asked.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from accounts.models import ProviderAccount, Team


class Dependent(Protocol):
    def adding(self, account: ProviderAccount) -> None:
        """The account's row is written, inside the transaction that adds it; no network here."""
        ...

    def added(self, account: ProviderAccount) -> None:
        """The account is there now, committed."""
        ...

    def unfinished(self, account: ProviderAccount) -> str:
        """What is still under way on the account, in a person's words; "" for nothing."""
        ...

    def activations(self, account: ProviderAccount) -> Sequence[str]:
        """Some activation ids that the account's wallet must know, likeliest first."""
        ...

    def against_zone(self, team: Team, now: datetime) -> str:
        """Why the team can't have the time zone that it is about to have, in a person's words;
        "" for no reason. The team's row is locked."""
        ...


_dependents: list[Dependent] = []


def register(dependent: Dependent) -> None:
    _dependents.append(dependent)


def tell_adding(account: ProviderAccount) -> None:
    for each in _dependents:
        each.adding(account)


def tell_added(account: ProviderAccount) -> None:
    for each in _dependents:
        each.added(account)


def unfinished(account: ProviderAccount) -> list[str]:
    return [words for each in _dependents if (words := each.unfinished(account))]


def activations(account: ProviderAccount) -> list[str]:
    return [activation for each in _dependents for activation in each.activations(account)]


def against_zone(team: Team, now: datetime) -> list[str]:
    return [words for each in _dependents if (words := each.against_zone(team, now))]
