"""The SMS of a rental."""

from django.db import models

from rentals.models.inbox import InboxEntry
from rentals.models.rentals import Rental
from rentals.states import Source


class Message(models.Model):
    """One SMS. `confirmed_at` is null while only an unsigned webhook has told of it."""

    rental = models.ForeignKey(Rental, on_delete=models.PROTECT, related_name="messages")
    provider_id = models.CharField(max_length=100, blank=True)  # "" where only a poll saw it
    content_hash = models.BinaryField(max_length=32)  # keyed, so that it opens nothing
    code = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)
    source = models.CharField(max_length=10, choices=Source)
    inbox_entry = models.ForeignKey(
        InboxEntry, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    received_at = models.DateTimeField(null=True, blank=True)  # the provider's clock
    seen_at = models.DateTimeField()  # ours
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # When text and code were removed; of the code a keyed hash stays, to know it again.
    purged_at = models.DateTimeField(null=True, blank=True)
    code_hash = models.BinaryField(max_length=32, null=True, blank=True)

    class Meta:
        ordering = ["seen_at", "pk"]
        indexes = [
            models.Index(fields=["seen_at"], name="message_seen"),
            models.Index(  # few, where webhooks arrive
                fields=["seen_at"],
                include=["rental"],
                condition=models.Q(source="poll"),
                name="message_polled",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rental", "provider_id", "content_hash"], name="message_once_a_rental"
            )
        ]

    def __str__(self) -> str:
        return f"message {self.pk} of rental {self.rental_id}"

    @property
    def kept_days(self) -> int:
        """How many whole days its text was kept, where it was removed."""
        return (self.purged_at - self.seen_at).days if self.purged_at else 0
