from rentals.models.budgets import Budget, BudgetRequest
from rentals.models.catalogue import Offer
from rentals.models.favourites import Favourite
from rentals.models.inbox import InboxEntry
from rentals.models.messages import Message
from rentals.models.pacing import Arrivals, Pace
from rentals.models.policy import Policy
from rentals.models.quality import QualityFact, QualityMark, QualityTotal, QualityValue
from rentals.models.rentals import Rental
from rentals.models.spend import SpendFact, SpendTotal
from rentals.models.trail import ProviderAnswer, RentalEvent

__all__ = [
    "Arrivals",
    "Budget",
    "BudgetRequest",
    "Favourite",
    "InboxEntry",
    "Message",
    "Offer",
    "Pace",
    "Policy",
    "ProviderAnswer",
    "QualityFact",
    "QualityMark",
    "QualityTotal",
    "QualityValue",
    "Rental",
    "RentalEvent",
    "SpendFact",
    "SpendTotal",
]
