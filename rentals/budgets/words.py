"""How budgets are told to people."""

from decimal import ROUND_DOWN, ROUND_UP, Decimal

from django.utils import formats
from django.utils.translation import gettext as _

from ledger.amounts import said
from ledger.operations.rates import latest_rate
from rentals.budgets.reading import Standing, shown
from rentals.models import Budget, Rental
from rentals.states import BudgetPeriod, BudgetScope


def title(budget: Budget) -> str:
    """As the member is told whom it stops: "Your budget for today"."""
    return _("%(whose)s for %(when)s") % {"whose": _whose(budget), "when": current(budget)}


def current(budget: Budget) -> str:
    """Its period that runs now."""
    return {
        BudgetPeriod.DAY: _("today"),
        BudgetPeriod.WEEK: _("this week"),
        BudgetPeriod.MONTH: _("this month"),
    }[BudgetPeriod(budget.period)]


def left_of(budget: Budget) -> str:
    """What goes before an amount: "The team, left this month:"."""
    told = {"when": current(budget), "purpose": budget.purpose}
    if budget.scope == BudgetScope.TEAM:
        return _("Left for the team %(when)s:") % told
    if budget.scope == BudgetScope.PURPOSE:
        return _("Left for “%(purpose)s” %(when)s:") % told
    return _("Left for you %(when)s:") % told


def _whose(budget: Budget) -> str:
    if budget.scope == BudgetScope.TEAM:
        return _("The team’s budget")
    if budget.scope == BudgetScope.PURPOSE:
        return _("The budget of the purpose “%(purpose)s”") % {"purpose": budget.purpose}
    return _("Your budget")


def stopped(standing: Standing, rental: Rental) -> str:
    """Why a rental would go beyond a budget, in which it is counted already, and what to do."""
    budget, cost = standing.budget, _cost(rental, standing.budget)
    left = min(max(standing.limit - (standing.used - cost), Decimal(0)), standing.limit)
    told = {
        "budget": title(budget),
        "left": said(shown(left, ROUND_DOWN), budget.currency),
        "limit": said(standing.limit, budget.currency),
        "price": _price(rental, budget, cost),
        "day": formats.date_format(standing.renews, "j M Y"),
        "admins": ", ".join(map(str, rental.team.admins())),
    }
    return (
        _("%(budget)s has %(left)s left of %(limit)s, and this number costs %(price)s.") % told
        + " "
        + _("It renews on %(day)s. Who can change it: %(admins)s.") % told
    )


def without_rate(standing: Standing, rental: Rental) -> str:
    """Why nothing can be rented while a budget can't be told."""
    told = {
        "budget": title(standing.budget),
        "missing": standing.missing,
        "currency": standing.budget.currency,
    }
    return (
        _("%(budget)s counts everything in %(currency)s. %(missing)s") % told
        + " "
        + _("Finance can enter it; until then nothing that it counts is rented.")
    )


def _cost(rental: Rental, budget: Budget) -> Decimal:
    """What is held for a rental, in the budget's currency."""
    if rental.currency == budget.currency:
        return rental.held
    rate = latest_rate(rental.team, rental.currency, budget.currency, rental.day)
    return rental.held * rate.rate if rate else Decimal(0)


def _price(rental: Rental, budget: Budget, cost: Decimal) -> str:
    own = said(rental.held, rental.currency)
    if rental.currency == budget.currency:
        return own
    return f"{own} ({said(shown(cost, ROUND_UP), budget.currency)})"
