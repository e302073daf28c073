"""A rental: one person, one purpose, at most one activation at a provider."""

import uuid

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Coalesce, Reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount, Team, User
from rentals.states import LIVE, OPEN, RentalState


class RentalQuerySet(models.QuerySet["Rental"]):
    def live(self) -> "RentalQuerySet":
        """Those that stand on the board."""
        return self.filter(state__in=LIVE)

    def open(self) -> "RentalQuerySet":
        """Those that the provider may still hand an SMS for."""
        return self.filter(state__in=OPEN)

    def in_flight(self) -> "RentalQuerySet":
        """Sent to the provider, and no answer applied yet."""
        return self.filter(state=RentalState.REQUESTED, sent_at__isnull=False)


class Rental(models.Model):
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="rentals", db_index=False)
    member = models.ForeignKey(User, on_delete=models.PROTECT, related_name="rentals")
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="rentals")
    # A form carries a key, so that a double click is one rental.
    request_key = models.UUIDField(default=uuid.uuid4, editable=False)

    service_code = models.CharField(max_length=100)
    service_name = models.CharField(_("service"), max_length=200)
    area_code = models.CharField(_("area code"), max_length=10, blank=True)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    wanted_number = models.CharField(_("wanted number"), max_length=20, blank=True)
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)

    state = models.CharField(max_length=12, choices=RentalState, default=RentalState.REQUESTED)

    # Money, in the provider account's currency: shown when rented, held until known, charged.
    currency = models.CharField(max_length=3)
    price = models.DecimalField(_("price"), max_digits=18, decimal_places=4)
    held = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    charged = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)

    activation_id = models.CharField(max_length=64, blank=True)
    phone_raw = models.CharField(max_length=40, blank=True)
    phone_e164 = models.CharField(max_length=20, blank=True)
    number_purged_at = models.DateTimeField(null=True, blank=True)
    ttl = models.PositiveIntegerField()
    multiple_sms = models.BooleanField(default=False)
    waits_for_more = models.BooleanField(default=False)
    auto_cancel = models.BooleanField(default=True)

    requested_at = models.DateTimeField()
    day = models.DateField()  # the team's day of requested_at, whatever its zone is later
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    finish_requested_at = models.DateTimeField(null=True, blank=True)

    # When the poll scheduler asks next (null: not at all), and when a cancel or finish is due.
    next_poll_at = models.DateTimeField(null=True, blank=True)
    planned_poll_at = models.DateTimeField(null=True, blank=True)  # its own plan: others' is firm
    last_polled_at = models.DateTimeField(null=True, blank=True)
    blank_poll_at = models.DateTimeField(null=True, blank=True)  # the last before the first SMS
    polls = models.PositiveIntegerField(default=0)
    confirm_reads = models.PositiveSmallIntegerField(default=0)
    last_confirm_at = models.DateTimeField(null=True, blank=True)
    control_at = models.DateTimeField(null=True, blank=True)
    control_tries = models.PositiveSmallIntegerField(default=0)
    cancel_sent_at = models.DateTimeField(null=True, blank=True)  # it may have been done since

    objects = RentalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "activation_id"],
                condition=~models.Q(activation_id=""),
                name="one_rental_an_activation",
            ),
            models.UniqueConstraint(
                fields=["member", "request_key"], name="one_rental_a_submitted_form"
            ),
            models.CheckConstraint(
                condition=models.Q(price__gte=0) & models.Q(held__gte=0), name="money_not_negative"
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "next_poll_at"],
                condition=models.Q(next_poll_at__isnull=False),
                name="rental_due_polls",
            ),
            models.Index(
                fields=["control_at"],
                condition=models.Q(control_at__isnull=False),
                name="rental_due_controls",
            ),
            # The history's order, and one for each of its filters in that order.
            models.Index(fields=["team", "requested_at", "id"], name="rental_history"),
            models.Index(fields=["team", "member", "requested_at", "id"], name="rental_of_member"),
            models.Index(
                fields=["team", "account", "requested_at", "id"], name="rental_of_account"
            ),
            models.Index(
                fields=["team", "service_name", "requested_at", "id"], name="rental_of_service"
            ),
            models.Index(
                fields=["team", "purpose", "requested_at", "id"], name="rental_of_purpose"
            ),
            models.Index(fields=["team", "state", "requested_at", "id"], name="rental_in_state"),
            models.Index(
                "team", "currency", Coalesce("charged", "price"), "id", name="rental_by_price"
            ),
            # What just ended stays on the board for a while.
            models.Index(fields=["team", "ended_at"], name="rental_ended"),
            models.Index(
                fields=["ended_at"],
                condition=models.Q(state__in=["refused", "lost"], activation_id=""),
                name="rental_without_number",
            ),
            models.Index(
                fields=["state", "expires_at"],
                condition=models.Q(
                    state__in=["requested", "in_doubt", "waiting", "cancelling", "received"]
                ),
                name="rental_live",
            ),
            # A number is looked for by its last digits.
            models.Index(
                "team",
                OpClass(Reverse("phone_raw"), name="text_pattern_ops"),
                condition=~models.Q(phone_raw=""),
                name="rental_by_last_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_name} #{self.pk}"

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        """Django's own looks through all choices, and translates them, for each row of a list."""
        return str(RentalState(self.state).label)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def can_cancel(self) -> bool:
        """Whether asking for a cancel makes sense: paid, and nothing came yet."""
        return self.state == RentalState.WAITING

    @property
    def can_finish(self) -> bool:
        return self.state == RentalState.RECEIVED and self.finish_requested_at is None

    @property
    def can_wait_for_more(self) -> bool:
        return (
            self.state == RentalState.RECEIVED
            and self.multiple_sms
            and not self.waits_for_more
            and self.finish_requested_at is None
        )
