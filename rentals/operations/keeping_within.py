"""A rental that would go beyond a budget is not requested.

Its row is written by then, so that it is counted with everybody else's. The budgets' rows are
locked in the order of their ids and read after that: whoever rents at the same time waits here,
and then reads what this one has spent. The order in which things are locked is the rental, its
budgets, the book's balances.
"""

from rentals.budgets import words
from rentals.budgets.applying import counting, in_force
from rentals.budgets.reading import Wanted, standings
from rentals.models import Budget, Rental
from rentals.operations.errors import OverBudget, RateMissing


def keep_within_budgets(rental: Rental) -> None:
    """In the transaction that requests it, before its money is held. Raises OverBudget, and
    RateMissing where a rate is missing that a budget needs.

    What costs nothing asks no budget.
    """
    if not rental.held:
        return
    for standing in standings(rental.team_id, _locked(rental)):
        if standing.missing is not None:
            raise RateMissing(words.without_rate(standing, rental), standing.budget)
        if standing.is_past:
            raise OverBudget(words.stopped(standing, rental), standing.budget)


def _locked(rental: Rental) -> list[Wanted]:
    # Not of the key: a request for more refers to it and has no need to wait.
    rows: list[Budget] = list(
        counting(rental).order_by("pk").select_for_update(of=("self",), no_key=True)
    )
    budgets = in_force(rows, rental.member_id)
    return [Wanted.of(budget, rental.day, rental.member_id) for budget in budgets]
