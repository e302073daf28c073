"""Webhooks as they came, stored before they were answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount


class InboxOutcome(models.TextChoices):
    NEW_MESSAGE = "new_message", _("New message")
    KNOWN_MESSAGE = "known_message", _("Known message")
    CONFLICT = "conflict", _("Another text under a known id")
    UNKNOWN_ACTIVATION = "unknown_activation", _("Unknown activation")
    TOO_MANY = "too_many", _("Not shown: too many that nobody confirmed")
    NOT_OURS = "not_ours", _("Unknown activation, and of no rental in doubt")


class InboxEntry(models.Model):
    """`genuine`: True where its signature held, None where the provider signs nothing."""

    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="inbox")
    body = models.BinaryField()
    body_sha256 = models.BinaryField(max_length=32)
    activation_id = models.CharField(max_length=64)
    genuine = models.BooleanField(null=True)
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)  # when the body was removed
    outcome = models.CharField(max_length=20, choices=InboxOutcome, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "body_sha256"], name="webhook_body_once_an_account"
            )
        ]
        indexes = [
            models.Index(fields=["account", "activation_id"], name="inbox_activation"),
            models.Index(
                fields=["received_at"],
                condition=models.Q(applied_at__isnull=True),
                name="inbox_unapplied",
            ),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk} for {self.account}"
