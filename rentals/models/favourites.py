"""What people keep at hand."""

from django.db import models

from accounts.models import User
from rentals.models.catalogue import Offer


class Favourite(models.Model):
    """An offer that stands first for whoever put a star on it."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="favourites", db_index=False
    )
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "offer"], name="favourite_once_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.offer} for {self.user}"
