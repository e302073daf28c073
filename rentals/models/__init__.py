from rentals.models.catalogue import Offer
from rentals.models.inbox import InboxEntry
from rentals.models.messages import Message
from rentals.models.rentals import Rental
from rentals.models.trail import ProviderAnswer, RentalEvent

__all__ = ["InboxEntry", "Message", "Offer", "ProviderAnswer", "Rental", "RentalEvent"]
