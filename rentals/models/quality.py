"""How well rentals went, added up: what the health page reads instead of a million rentals.

Each rental that is over is a `QualityFact` as it was when it was last counted, and is in one
`QualityTotal`. Whoever adds up what was spent passes on the rentals that changed (`QualityMark`),
so this follows some seconds behind. By what a rental is counted, it keeps for good: its team,
account, day, service, carrier and area code. Which of these values there are is a `QualityValue`
each. Written by `operations.fold_quality` alone.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount, Team
from rentals.models.rentals import Rental


class QualityMark(models.Model):
    """A rental to be looked at."""

    rental_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"rental {self.rental_id}"


class QualityFact(models.Model):
    """A rental as it is counted. `bin`: of rentals.quality.bins, -1 without a code."""

    rental = models.OneToOneField(
        Rental,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
    )
    received = models.BooleanField()
    bin = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"quality of rental {self.rental_id}"


class QualityTotal(models.Model):
    """The rentals of a day that are alike and over: how many brought a code, and when it came."""

    team = models.ForeignKey(
        Team, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    day = models.DateField()
    account = models.ForeignKey(
        ProviderAccount,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    service_code = models.CharField(max_length=100)
    carrier = models.CharField(max_length=40, blank=True)
    area_code = models.CharField(max_length=10, blank=True)
    rentals = models.IntegerField()
    received = models.IntegerField()
    came = ArrayField(models.IntegerField())  # codes in each bin

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "day", "account", "service_code", "carrier", "area_code"],
                name="one_quality_total",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(rentals=0), name="quality_of_nothing")
        ]

    def __str__(self) -> str:
        return f"{self.service_code} on {self.day}: {self.received} of {self.rentals}"


class QualityValue(models.Model):
    """A value by which rentals were counted: what the health page can be narrowed to."""

    class Axis(models.TextChoices):
        ACCOUNT = "account", _("Account")  # by id
        SERVICE = "service", _("Service")  # by code
        CARRIER = "carrier", _("Carrier")
        AREA = "area", _("Area code")

    team = models.ForeignKey(
        Team, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    axis = models.CharField(max_length=7, choices=Axis)
    value = models.CharField(max_length=100, blank=True)
    last_day = models.DateField()  # on which a rental with it was requested

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "axis", "value"], name="one_quality_value"),
        ]

    def __str__(self) -> str:
        return f"{self.axis} {self.value} until {self.last_day}"
