"""What the poll scheduler has learned: when codes arrive, and what a provider bears."""

from django.db import models

from accounts.models import ProviderAccount


class Arrivals(models.Model):
    """When codes came, of rentals alike in all four: counts over the ages of pacing.curves.

    It holds counts alone, of every team together, and nothing of anybody's.
    """

    provider = models.CharField(max_length=20)
    service_code = models.CharField(max_length=100)
    carrier = models.CharField(max_length=40, blank=True)
    area_code = models.CharField(max_length=10, blank=True)
    came = models.JSONField()  # codes in each bin
    waited = models.JSONField()  # seconds that rentals waited in each bin, all together
    learned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "service_code", "carrier", "area_code"],
                name="arrivals_once_a_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.service_code}: {sum(self.came):.0f}"


class Pace(models.Model):
    """How many polls a second an account's provider bears, where it names no limit."""

    account = models.OneToOneField(
        ProviderAccount, on_delete=models.CASCADE, related_name="pace", primary_key=True
    )
    rate = models.FloatField()
    ceiling = models.FloatField(null=True)  # the rate at the last 429
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account}: {self.rate:.1f}/s"
