"""Which budgets count for whom."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from rentals.budgets.reading import Standing, Wanted, standings
from rentals.models import Budget, Rental
from rentals.models.budgets import BudgetQuerySet
from rentals.states import BudgetCounts, BudgetScope


def counting(rental: Rental) -> BudgetQuerySet:
    """The active budgets that a rental's money counts for."""
    of_purpose = ~Q(scope=BudgetScope.PURPOSE) | Q(purpose=rental.purpose)
    in_currency = Q(counts=BudgetCounts.ALL) | Q(currency=rental.currency)
    active = Budget.objects.filter(of_purpose, in_currency, team=rental.team_id)
    return active.active(rental.day).concerning(rental.member_id)


def in_force(budgets: Iterable[Budget], member_id: int) -> list[Budget]:
    """Without those for each member in whose place this member has one of their own."""
    listed = list(budgets)
    own = {_kind(b) for b in listed if b.member_id == member_id}
    return [b for b in listed if b.scope != BudgetScope.EACH or _kind(b) not in own]


def _kind(budget: Budget) -> tuple[str, str, str]:
    return budget.period, budget.counts, budget.currency


def standings_of(team_id: int, member_id: int, day: date) -> list[Standing]:
    """How all that count for a member stand, whatever they rent it for: the fullest first."""
    active = Budget.objects.filter(team=team_id).active(day).concerning(member_id)
    wanted = [
        Wanted.of(budget, day, member_id)
        for budget in in_force(active.select_related("member").order_by("pk"), member_id)
    ]
    return sorted(standings(team_id, wanted), key=lambda each: each.percent, reverse=True)
