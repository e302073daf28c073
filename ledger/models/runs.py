"""Reconciliations as they ran: what the page shows while one is under way."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount, User


class Step(models.TextChoices):
    WAITING = "waiting", _("Waiting for a worker")
    STATEMENT = "statement", _("Reading the statement")
    MATCHING = "matching", _("Matching")
    BALANCE = "balance", _("Comparing the balance")
    DONE = "done", _("Done")
    FAILED = "failed", _("Could not be finished")


class Reconciliation(models.Model):
    wallet = models.ForeignKey(
        ProviderAccount, on_delete=models.PROTECT, related_name="reconciliations"
    )
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    step = models.CharField(max_length=10, choices=Step, default=Step.WAITING)
    pages = models.PositiveIntegerField(default=0)  # of the statement, read so far
    rows_total = models.PositiveIntegerField(null=True, blank=True)  # as the provider tells it
    rows_read = models.PositiveIntegerField(default=0)
    rows_new = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)  # exceptions
    complete = models.BooleanField(default=False)  # the statement was read without a gap
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["wallet"],
                condition=models.Q(finished_at__isnull=True),
                name="one_reconciliation_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["wallet", "-asked_at"], name="reconciliation_latest")]

    def __str__(self) -> str:
        return f"reconciliation {self.pk} of wallet {self.wallet_id}"
