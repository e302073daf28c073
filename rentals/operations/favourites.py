"""A person puts a star on an offer, or takes it off."""

from accounts.models import User
from rentals.models import Favourite, Offer


def set_favourite(*, user: User, offer: Offer, wanted: bool) -> None:
    """Have the offer among the person's favourites, or not; done twice it is done once."""
    if wanted:
        Favourite.objects.bulk_create([Favourite(user=user, offer=offer)], ignore_conflicts=True)
    else:
        Favourite.objects.filter(user=user, offer=offer).delete()
