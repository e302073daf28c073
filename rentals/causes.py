"""Why a rental moved, or what happened to it: the words of its timeline."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cause(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    RENTED = "rented", _("The provider gave a number")
    PROVIDER_REFUSED = "provider_refused", _("The provider refused")
    NEVER_SENT = "never_sent", _("Could not be sent in time; nothing was charged")
    ASKED_TO_WAIT = "asked_to_wait", _("The provider asked us to wait")
    OUTCOME_UNKNOWN = "outcome_unknown", _("No clear answer; it may have been charged")
    CHARGE_PROVED = "charge_proved", _("Proved to be charged; its number was never learned")
    CHARGE_DECIDED = "charge_decided", _("A person decided: it was charged")
    NO_CHARGE_PROVED = "no_charge_proved", _("Proved not to be charged")
    NO_CHARGE_DECIDED = "no_charge_decided", _("A person decided: it was not charged")
    NUMBER_DECIDED = "number_decided", _("A person named its activation")
    LATE_NUMBER = "late_number", _("A number came after this was decided; it was charged")
    CLAIMED_BY_WEBHOOK = "claimed_by_webhook", _("A webhook and a read told its activation")
    SMS = "sms", _("SMS received")
    SMS_AFTER_END = "sms_after_end", _("SMS received after the end")
    CANCEL_ASKED = "cancel_asked", _("Cancel asked for")
    AUTO_CANCEL = "auto_cancel", _("Cancelled before it ended empty")
    CANCELLED = "cancelled", _("The provider cancelled it")
    CANCEL_REFUSED = "cancel_refused", _("The provider did not cancel")
    SMS_CAME_FIRST = "sms_came_first", _("An SMS came before the cancel")
    ENDED_AT_PROVIDER = "ended_at_provider", _("The provider says that it has ended")
    FINISH_ASKED = "finish_asked", _("Finish asked for")
    FINISH_UNDONE = "finish_undone", _("Finish undone")
    FINISHED = "finished", _("Finished")
    FINISH_FAILED = "finish_failed", _("The provider did not take the finish")
    WAITS_FOR_MORE = "waits_for_more", _("Waiting for another SMS")
    PURGED = "purged", _("What came was removed")
    TIME_UP = "time_up", _("Its time is up")
