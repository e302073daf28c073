"""How the pages write of budgets."""

from django import template

from rentals.budgets import words
from rentals.models import Budget

register = template.Library()


@register.filter
def left_of(budget: Budget) -> str:
    """What goes before the amount that is left."""
    return words.left_of(budget)


@register.filter
def title_of(budget: Budget) -> str:
    """As the member is told whom it stops."""
    return words.title(budget)
