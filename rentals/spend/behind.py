"""The rentals behind a figure of the spend page, and what they come to."""

from accounts.models import Membership
from rentals.models.rentals import RentalQuerySet
from rentals.spend.asked import Asked
from rentals.spend.month import of_days
from rentals.spend.reading import Part, read
from rentals.spend.sums import Sum
from rentals.states import OUTCOMES
from rentals.visibility import spend_of


def behind(membership: Membership, wanted: Asked) -> RentalQuerySet:
    """Newest first: each rental that the sums of the same address count, and no other."""
    narrowed = wanted.narrowed
    rentals = of_days(spend_of(membership), wanted.period)
    exact = {
        "member": narrowed.member,
        "account": narrowed.account,
        "service_name": narrowed.service,
        "purpose": narrowed.purpose,
        "currency": wanted.currency or None,
    }
    rentals = rentals.filter(**{name: value for name, value in exact.items() if value is not None})
    if narrowed.outcome is not None:
        states = [state for state, outcome in OUTCOMES.items() if outcome == narrowed.outcome]
        rentals = rentals.filter(state__in=states)
    return rentals.order_by("-requested_at", "-pk")


def sums_behind(wanted: Asked) -> list[tuple[str, Sum]]:
    """The same figures as on the spend page, by currency."""
    lines = read(wanted.narrowed, [Part("all", wanted.period)])["all"]
    found = [(line.currency, line.sum) for line in lines]
    return sorted(pair for pair in found if wanted.currency in ("", pair[0]))
