"""What rentals cost, added up: what the spend page reads instead of a million rentals.

Each rental is a `SpendFact` as it was when it was last added up, and counted in the `SpendTotal`s
of its team: by day, by month and for all time. What changed since is marked by a trigger
(`ledger.SpendChange`). So the totals, less the marked rentals' facts, plus what those rentals
cost now, are exact at any moment (rentals/spend/reading.py). Both tables are written by
`operations.fold_spend` alone; no foreign key is checked, because that would wait for rentals that
somebody has locked.
"""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount, Team, User
from accounts.unskippable import Unskippable
from rentals.models.rentals import Rental
from rentals.states import SpendOutcome


class Counted(models.Model):
    """Money in `currency`: `charged` by the provider, `refunded` of it, `held` and not decided."""

    team = models.ForeignKey(
        Team, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        ProviderAccount,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    outcome = models.CharField(max_length=10, choices=SpendOutcome)
    currency = models.CharField(max_length=3)
    charged = models.DecimalField(max_digits=24, decimal_places=4)
    refunded = models.DecimalField(max_digits=24, decimal_places=4)
    held = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        abstract = True


class SpendFact(Counted):
    """A rental as it is counted in the totals."""

    rental = models.OneToOneField(
        Rental,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
    )
    day = models.DateField()
    member = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    service = models.CharField(max_length=200)
    purpose = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["team", "member", "day"], name="spend_of_member"),
            # A service may have a tenth of the rentals: all that is added up is in its index.
            models.Index(
                fields=["team", "service", "day"],
                include=[
                    "member",
                    "purpose",
                    "account",
                    "outcome",
                    "currency",
                    "charged",
                    "refunded",
                    "held",
                ],
                name="spend_of_service",
            ),
            models.Index(fields=["team", "purpose", "day"], name="spend_of_purpose"),
        ]

    def __str__(self) -> str:
        return f"spend of rental {self.rental_id}"


class SpendTotal(Counted):
    """The sum of the facts that have `value` on `axis`, since the first day of a `span`: for each
    account and outcome, and once more for all of them, which is account 0 and outcome ""."""

    class Axis(models.TextChoices):
        ALL = "all", _("All")  # its only value is ""
        MEMBER = "member", _("Member")  # by id
        SERVICE = "service", _("Service")
        PURPOSE = "purpose", _("Purpose")

    class Span(models.TextChoices):
        DAY = "day", _("Day")
        MONTH = "month", _("Month")
        EVER = "ever", _("Ever")  # since the first day that there is

    axis = models.CharField(max_length=7, choices=Axis)
    span = models.CharField(max_length=5, choices=Span)
    since = models.DateField()
    value = models.CharField(max_length=200, blank=True)
    rentals = models.BigIntegerField()
    received = models.BigIntegerField()  # of them, those that brought a code
    decided = models.BigIntegerField()  # those that were bought and are over

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "team",
                    "axis",
                    "span",
                    "since",
                    "value",
                    "account",
                    "outcome",
                    "currency",
                ],
                name="one_spend_total",
            ),
        ]
        indexes = [
            models.Index(
                fields=["team", "axis", "value", "since"],
                condition=models.Q(span="day") & ~models.Q(axis="all"),
                name="spend_of_one",
            ),
            models.Index(fields=["id"], condition=models.Q(rentals=0), name="spend_of_nothing"),
            models.Index(
                fields=["team", "axis", "span", "since", "value"],
                condition=models.Q(outcome=""),
                name="spend_of_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.axis} {self.value} since {self.since}"


def mark_rentals() -> pgtrigger.Trigger:
    """Every change of what counts, and none of when it is polled."""
    return Unskippable(
        name="mark_spend",
        when=pgtrigger.After,
        operation=pgtrigger.Insert
        | pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
            "team_id",
            "member_id",
            "account_id",
            "day",
            "service_name",
            "purpose",
            "state",
            "currency",
            "held",
            "charged",
        ),
        func="""
            INSERT INTO ledger_spendchange (wallet_id, reference)
            VALUES (NEW.account_id, 'rental:' || NEW.id);
            RETURN NULL;
        """,
    )


pgtrigger.register(mark_rentals())(Rental)
