"""What can be rented, as each provider account's catalogue last said."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount
from rentals.policy import Refusal

FEWEST_TRIED: Final = 10  # rentals by which an offer is judged


class Offer(models.Model):
    """A service at a provider account. Gone offers stay, so that a price can be explained."""

    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="offers")
    service_code = models.CharField(max_length=100)
    name = models.CharField(_("service"), max_length=200)
    price = models.DecimalField(_("price"), max_digits=18, decimal_places=4)
    ttl = models.PositiveIntegerField(_("time to live, seconds"))
    stock = models.PositiveIntegerField(_("in stock"), null=True, blank=True)
    multiple_sms = models.BooleanField(_("several SMS"), default=False)
    read_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    # Of the last weeks' rentals that are over, and were this account's own.
    tried = models.PositiveIntegerField(default=0)
    codes = models.PositiveIntegerField(default=0)
    median_wait = models.PositiveIntegerField(_("seconds to a code"), null=True, blank=True)
    # Not kept: what the rules of the team that it is shown to say against it.
    refused: Sequence[Refusal] = ()
    starred = False  # by the person that it is shown to
    about: Decimal | None = None  # its price in the team's reporting currency, rounded
    best: frozenset[str] = frozenset()  # of price, success and wait: where others have it worse

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "service_code"], name="offer_once_an_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.account}"

    @property
    def success(self) -> int | None:
        """How many rentals of a hundred brought a code; None where too few tell."""
        return round(100 * self.codes / self.tried) if self.tried >= FEWEST_TRIED else None
