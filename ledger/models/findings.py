"""What reconciliation proves about a rental in doubt: written here, consumed by rentals."""

from django.db import models

from accounts.models import ProviderAccount, User
from ledger.states import Evidence, FindingKind


class Finding(models.Model):
    """`reference` is the rental's; `amount` what was charged, where it was."""

    wallet = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=FindingKind)
    evidence = models.CharField(max_length=10, choices=Evidence)
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    occurred_at = models.DateTimeField(null=True)  # when the provider charged, where it is known
    found_at = models.DateTimeField()
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True)  # what proves it, in a person's words
    consumed_at = models.DateTimeField(null=True, blank=True)
    consumed = models.CharField(max_length=20, blank=True)  # applied, or too_late

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["wallet", "reference"],
                condition=models.Q(consumed_at__isnull=True),
                name="one_open_finding_a_reference",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="not_charged") | models.Q(amount__gte=0),
                name="charged_finding_names_the_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.kind}"
