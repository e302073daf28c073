"""What rentals cost, added up one by one in plain Python from their rows and the book."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from accounts.models import Team
from rentals import spending
from rentals.models import Rental
from rentals.spend.periods import Period
from rentals.spend.reading import Line, Narrowed
from rentals.spend.sums import Sum
from rentals.states import DECIDED, OUTCOMES, RentalState, SpendOutcome

type Key = tuple[str, str, str]  # value of the group, outcome, currency

VALUES: dict[str, Callable[[Rental], object]] = {
    "": lambda rental: "",
    "member": lambda rental: rental.member_id,
    "account": lambda rental: rental.account_id,
    "service": lambda rental: rental.service_name,
    "purpose": lambda rental: rental.purpose,
    "outcome": lambda rental: outcome(rental),
}


def outcome(rental: Rental) -> SpendOutcome:
    return OUTCOMES[RentalState(rental.state)]


def rentals_of(team: Team) -> list[Rental]:
    return list(spending.with_money(Rental.objects.filter(team=team)))


def sum_of(rental: Rental) -> Sum:
    was = outcome(rental)
    return Sum(
        rentals=1,
        received=int(was == SpendOutcome.RECEIVED),
        decided=int(was in DECIDED),
        charged=spending.charged(rental) or 0,  # type: ignore[arg-type]
        refunded=spending.refunded(rental),
        held=rental.held,
    )


def fits(rental: Rental, narrowed: Narrowed, period: Period) -> bool:
    wanted = {
        "member": rental.member_id,
        "account": rental.account_id,
        "service": rental.service_name,
        "purpose": rental.purpose,
        "outcome": outcome(rental),
    }
    fitting = all(getattr(narrowed, name) in (None, value) for name, value in wanted.items())
    return fitting and period.first <= rental.day <= period.last


def added_up(
    rentals: Iterable[Rental], narrowed: Narrowed, period: Period, group: str
) -> dict[Key, Sum]:
    sums: dict[Key, Sum] = defaultdict(Sum)
    for rental in rentals:
        if fits(rental, narrowed, period):
            key = (str(VALUES[group](rental)), outcome(rental).value, rental.currency)
            sums[key] += sum_of(rental)
    return dict(sums)


def by_key(lines: Iterable[Line]) -> dict[Key, Sum]:
    return {(line.value, line.outcome, line.currency): line.sum for line in lines}


def by_day(lines: Iterable[Line]) -> dict[tuple[date | None, str], Sum]:
    return {(line.day, line.currency): line.sum for line in lines}
