"""The services, purposes and people of the rentals that somebody sees: where words are looked for.

They are far fewer than the rentals, and exact at any moment.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Membership, User
from rentals.spend.reading import Choices, Narrowed, choices
from rentals.visibility import sees_team


@dataclass(frozen=True, slots=True)
class Known:
    """`users`: those who rented, by name; nobody for whoever sees their own rentals alone."""

    there: Choices
    users: list[User]

    def services(self, word: str) -> list[str]:
        return _holding(self.there.service, word)

    def purposes(self, word: str) -> list[str]:
        return _holding(self.there.purpose, word)

    def people(self, word: str) -> list[User]:
        """By what pages call them: the address of whoever has a name is not shown to all."""
        return [user for user in self.users if word.casefold() in str(user).casefold()]


def known(membership: Membership) -> Known:
    sees_all = sees_team(membership)
    own = None if sees_all else membership.user_id
    there = choices(Narrowed(membership.team_id, member=own))
    if not sees_all:
        return Known(there, [])
    users = User.objects.filter(pk__in=map(int, there.member)).only("pk", "name", "email")
    return Known(there, list(users.order_by("name", "email")))


def _holding(names: Iterable[str], word: str) -> list[str]:
    return [name for name in names if word.casefold() in name.casefold()]
