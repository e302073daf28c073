"""What happened to a rental, append-only: our moves, and the provider's answers."""

from django.db import models

from accounts.append_only import append_only
from accounts.models import User
from rentals.models.rentals import Rental
from rentals.states import RentalState


class RentalEvent(models.Model):
    """A move, or something worth telling that moved nothing (`from_state` equals `to_state`)."""

    rental = models.ForeignKey(Rental, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    from_state = models.CharField(max_length=12, choices=RentalState, blank=True)
    to_state = models.CharField(max_length=12, choices=RentalState)
    cause = models.CharField(max_length=40)  # a word of rentals.causes
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["rental", "at"], name="rental_timeline")]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}: {self.cause}"


class ProviderAnswer(models.Model):
    """A provider's reply to something we asked for a rental, stored before it is applied."""

    rental = models.ForeignKey(Rental, on_delete=models.PROTECT, related_name="answers")
    call = models.CharField(max_length=20)  # rent, cancel, finish, inspect, poll
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField()
    reply = models.JSONField()  # providers.exchange
    verdict = models.CharField(max_length=20)  # rented, done, refused, throttled, ambiguous, …
    detail = models.CharField(max_length=500, blank=True)  # holds no number, text or code

    class Meta:
        ordering = ["answered_at", "pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.call}: {self.verdict}"
