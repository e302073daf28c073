"""What a team lets its members rent, decided without asking anybody.

`terms` are the rules, `tickets` the patterns that a purpose may have to follow, `checking` refuses
rules that make no sense, and `deciding` holds a wish against the rules.
"""

from rentals.policy.checking import BadTerms, checked
from rentals.policy.deciding import Refusal, Rule, Wish, about_offer, decide
from rentals.policy.terms import PurposeRule, Terms
from rentals.policy.tickets import example

__all__ = [
    "BadTerms",
    "PurposeRule",
    "Refusal",
    "Rule",
    "Terms",
    "Wish",
    "about_offer",
    "checked",
    "decide",
    "example",
]
