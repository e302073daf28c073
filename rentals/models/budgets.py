"""Budgets, and what members asked for beyond them.

What was used of a budget is kept nowhere: it is what its rentals cost at the moment of asking
(rentals/budgets/reading.py). What was approved beyond it is for the one period that it was asked
for, because nothing reads it for any other.
"""

from datetime import date

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.unskippable import Unskippable
from rentals.states import AskedState, BudgetCounts, BudgetPeriod, BudgetScope


class BudgetQuerySet(models.QuerySet["Budget"]):
    def active(self, day: date) -> "BudgetQuerySet":
        """Those that count on this day."""
        begun = self.filter(ended_at__isnull=True, active_from__lte=day)
        return begun.filter(Q(active_to__isnull=True) | Q(active_to__gte=day))

    def concerning(self, member_id: int) -> "BudgetQuerySet":
        """Those that a member's rentals can count for, for whatever purpose."""
        return self.exclude(Q(scope=BudgetScope.MEMBER) & ~Q(member=member_id))


class Budget(models.Model):
    """No more than `amount` a period, of everything or of what is paid in `currency`."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="budgets")
    scope = models.CharField(_("for"), max_length=7, choices=BudgetScope)
    member = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    period = models.CharField(_("period"), max_length=5, choices=BudgetPeriod)
    counts = models.CharField(_("counts"), max_length=3, choices=BudgetCounts)
    currency = models.CharField(_("currency"), max_length=3)

    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4)
    warn_share = models.PositiveSmallIntegerField(_("warn at"), default=80)  # percent
    active_from = models.DateField(_("first day"))
    active_to = models.DateField(_("last day"), null=True, blank=True)

    # Raised by every change, so that nobody overwrites one that they have not seen.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = BudgetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="budget_is_positive"),
            models.CheckConstraint(
                condition=Q(warn_share__gte=1, warn_share__lte=100), name="budget_warns_within"
            ),
            models.CheckConstraint(
                condition=Q(scope__in=["team", "each"], member=None, purpose="")
                | Q(scope="member", member__isnull=False, purpose="")
                | (Q(scope="purpose", member=None) & ~Q(purpose="")),
                name="budget_has_its_scope",
            ),
            models.CheckConstraint(
                condition=Q(period__in=["day", "week", "month"], counts__in=["all", "own"]),
                name="budget_words_are_known",
            ),
            models.CheckConstraint(
                condition=Q(active_to=None) | Q(active_to__gte=F("active_from")),
                name="budget_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="budget_is_ended_by_somebody",
            ),
            models.UniqueConstraint(
                fields=[
                    "team",
                    "scope",
                    "member",
                    "purpose",
                    "period",
                    "counts",
                    "currency",
                    "active_from",
                ],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="one_budget_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"budget #{self.pk}"

    @property
    def whose(self) -> str:
        """Such as "Each member"."""
        if self.scope == BudgetScope.MEMBER:
            return str(self.member)
        if self.scope == BudgetScope.PURPOSE:
            return _("Purpose “%(purpose)s”") % {"purpose": self.purpose}
        return str(BudgetScope(self.scope).label)

    @property
    def is_of_one(self) -> bool:
        """Whether it counts one member's rentals alone."""
        return self.scope in (BudgetScope.EACH, BudgetScope.MEMBER)

    @property
    def is_of_everything(self) -> bool:
        return self.counts == BudgetCounts.ALL


def keep_decided() -> pgtrigger.Trigger:
    """What was decided stays as it was decided, whoever asks; its e-mail is still to be sent."""
    return Unskippable(
        name="keep_decided",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        condition=pgtrigger.Q(old__state__in=["approved", "declined", "withdrawn"]),
        func="""
            IF TG_OP = 'UPDATE'
                AND to_jsonb(NEW) - '{mail_due_at,mail_tries,mailed_to}'::text[]
                = to_jsonb(OLD) - '{mail_due_at,mail_tries,mailed_to}'::text[]
            THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'request % is decided', OLD.id;
        """,
    )


class BudgetRequest(models.Model):
    """A member asks for `amount` more in the period that begins on `first`, and in no other."""

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="requests")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    first = models.DateField()
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4)
    reason = models.CharField(_("reason"), max_length=500)

    state = models.CharField(max_length=9, choices=AskedState, default=AskedState.OPEN)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    # When its e-mail is due, next or again; none once it is sent. It has one as it is asked for,
    # to admins, and one as it is decided, to who asked.
    mail_due_at = models.DateTimeField(null=True, blank=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_to = ArrayField(models.BigIntegerField(), default=list, blank=True)  # people

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="asked_is_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="asked_with_a_reason"),
            models.CheckConstraint(
                condition=Q(state="open", decided_by=None, decided_at=None)
                | Q(
                    state__in=["approved", "declined", "withdrawn"],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="asked_is_decided_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["budget", "asked_by", "first"],
                condition=Q(state="open"),
                name="one_open_request_a_period",
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_due_at"],
                condition=Q(mail_due_at__isnull=False),
                name="request_mail_due",
            ),
        ]
        triggers = [keep_decided()]

    def __str__(self) -> str:
        return f"request #{self.pk}"
