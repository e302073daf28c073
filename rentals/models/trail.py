"""What happened to a rental, append-only: our moves, and the provider's answers."""

import pgtrigger
from django.db import models

from accounts.append_only import append_only, never_removed
from accounts.models import User
from accounts.unskippable import Unskippable
from providers.redaction import HIDDEN
from rentals.models.rentals import Rental
from rentals.states import RentalState


class RentalEvent(models.Model):
    """A move, or something worth telling that moved nothing (`from_state` equals `to_state`)."""

    rental = models.ForeignKey(Rental, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    from_state = models.CharField(max_length=12, choices=RentalState, blank=True)
    to_state = models.CharField(max_length=12, choices=RentalState)
    cause = models.CharField(max_length=40)  # a word of rentals.causes
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["rental", "at"], name="rental_timeline")]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}: {self.cause}"


def hidden_once() -> pgtrigger.Trigger:
    """The one change that there is of an answer: parts of its body give way to HIDDEN, once.

    What is left of it is what came: it reads as before, but for what is hidden.
    """
    return Unskippable(
        name="hidden_once",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        declare=[("body", "text"), ("shown", "text")],
        func=f"""
            body := OLD.reply->>'body';
            shown := NEW.reply->>'body';
            shown := replace(replace(replace(shown, '\\', '\\\\'), '%', '\\%'), '_', '\\_');
            shown := replace(replace(shown, '"{HIDDEN}"', '%'), '{HIDDEN}', '%');
            IF OLD.purged_at IS NULL AND NEW.purged_at IS NOT NULL
                AND to_jsonb(NEW) - 'reply' - 'purged_at' = to_jsonb(OLD) - 'reply' - 'purged_at'
                AND NEW.reply - 'body' = OLD.reply - 'body' - 'body_base64'
                AND (body LIKE shown OR body IS NULL AND shown = '%')
            THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;
        """,
    )


class ProviderAnswer(models.Model):
    """A provider's reply to something we asked for a rental, stored before it is applied."""

    rental = models.ForeignKey(Rental, on_delete=models.PROTECT, related_name="answers")
    call = models.CharField(max_length=20)  # rent, cancel, finish, inspect, poll
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField()
    reply = models.JSONField()  # providers.exchange
    verdict = models.CharField(max_length=20)  # rented, done, refused, throttled, ambiguous, …
    detail = models.CharField(max_length=500, blank=True)  # holds no number, text or code
    purged_at = models.DateTimeField(
        null=True, blank=True
    )  # when number, text and code were hidden

    class Meta:
        ordering = ["answered_at", "pk"]
        triggers = [never_removed(), hidden_once()]

    def __str__(self) -> str:
        return f"{self.call}: {self.verdict}"
