"""A team's webhook, and all that was or is to be sent to it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.secrets.sealing import Place
from alerts.models.alerts import Alert


class DisabledBy(models.TextChoices):
    PERSON = "person", _("Switched off")
    GONE = "gone", _("The address answered that it is gone (410)")
    FAILURES = "failures", _("It failed for days")


class Endpoint(models.Model):
    """Where a team's alerts are sent. Its secrets are sealed to its id.

    `previous_sealed` signs beside the current secret until `previous_until`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.OneToOneField(Team, on_delete=models.PROTECT, related_name="alert_endpoint")
    url = models.CharField(_("address"), max_length=500)
    secret_sealed = models.BinaryField()
    previous_sealed = models.BinaryField(null=True, blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True, blank=True)  # without a success
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_by = models.CharField(max_length=10, choices=DisabledBy, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(previous_sealed__isnull=True, previous_until__isnull=True)
                | models.Q(previous_sealed__isnull=False, previous_until__isnull=False),
                name="previous_secret_until_some_time",
            ),
            models.CheckConstraint(
                condition=models.Q(disabled_at__isnull=True, disabled_by="")
                | (models.Q(disabled_at__isnull=False) & ~models.Q(disabled_by="")),
                name="endpoint_disabled_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"webhook of {self.team}"  # its address may hold a secret

    def place(self, field: str) -> Place:
        return Place("Endpoint", str(self.pk), field)

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None


class Delivery(models.Model):
    """One message to a webhook, in the bytes that it is signed in, until it is taken.

    While it is to be sent it has a `due_at`. A worker takes it by counting `tries` up and has it
    until `taken_until`; only whoever counted last writes what came of it.
    """

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=40, unique=True)  # the same at each try
    event = models.CharField(max_length=40)  # such as alert.opened
    alert = models.ForeignKey(
        Alert, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    body = models.TextField()
    made_at = models.DateTimeField()
    first_try_at = models.DateTimeField()  # of this round: a person may begin another
    round_tries = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    taken_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(  # of a test, or of the last time that it was sent again
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="delivery_due",
            ),
            models.Index(fields=["endpoint", "-made_at"], name="delivery_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"


class Attempt(models.Model):
    """One try, written before it is sent; `ended_at` is null while nobody knows what came of it."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    ms = models.PositiveIntegerField(null=True, blank=True)
    excerpt = models.CharField(max_length=500, blank=True)  # of the answer
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="attempt_once_a_number")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        return self.status is not None and 300 <= self.status < 400
