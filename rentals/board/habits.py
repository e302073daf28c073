"""What a member likes to rent: by their stars, and by what they rented last."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Case, IntegerField, Q, Value, When

from accounts.models import Membership
from rentals.models import Favourite, Rental

RECENT: Final = timedelta(days=30)
LOOKED_AT: Final = 100  # rentals, the newest
RANKED: Final = 10  # services used of late that stand first


@dataclass(frozen=True, slots=True)
class Habits:
    """`stars`: ids of offers. `used`: account and service code, the newest first."""

    stars: frozenset[int]
    used: tuple[tuple[int, str], ...]
    account: int | None = None
    area_code: str = ""
    carrier: str = ""

    @property
    def starred_first(self) -> Case:
        return _first(Q(pk__in=self.stars))

    @property
    def used_first(self) -> Case:
        ranks = [
            When(account=account, service_code=code, then=Value(rank))
            for rank, (account, code) in enumerate(self.used)
        ]
        return Case(*ranks, default=Value(RANKED), output_field=IntegerField())

    @property
    def usual_account_first(self) -> Case:
        return _first(Q(account=self.account))


def habits(membership: Membership, *, now: datetime) -> Habits:
    """What this member has chosen in this team, in two queries."""
    stars = Favourite.objects.filter(user=membership.user_id, offer__account__team=membership.team)
    newest = Rental.objects.filter(
        team=membership.team_id, member=membership.user_id, requested_at__gt=now - RECENT
    ).order_by("-requested_at", "-pk")
    fields = ("account_id", "service_code", "area_code", "carrier")
    rented = list(newest.values_list(*fields)[:LOOKED_AT])
    used = tuple(dict.fromkeys((account, code) for account, code, _, _ in rented))[:RANKED]
    found = frozenset(stars.values_list("offer", flat=True))
    if not rented:
        return Habits(found, used)
    account, _, area_code, carrier = rented[0]
    return Habits(found, used, account, area_code, carrier)


def _first(which: Q) -> Case:
    return Case(When(which, then=Value(0)), default=Value(1), output_field=IntegerField())
