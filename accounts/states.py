"""The words that accounts' rows are in."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    """What a membership may do. One membership holds one or more."""

    MEMBER = "member", _("Member")
    FINANCE = "finance", _("Finance")
    ADMIN = "admin", _("Admin")


class Signal(models.TextChoices):
    """How a person wants to be told of a code beyond the page."""

    TITLE = "title", _("Count new codes in the tab’s title")
    BADGE = "badge", _("Mark the tab’s icon")
    SOUND = "sound", _("Play a short sound")
    DESKTOP = "desktop", _("Show a notification of this computer")
    DIGITS = "digits", _("With the code’s digits in the notification")


class KeyState(models.TextChoices):
    CURRENT = "current", _("Current")
    PREVIOUS = "previous", pgettext_lazy("key", "Previous")  # still verifies webhooks, for a day
    RETIRED = "retired", _("Retired")


class Lane(models.TextChoices):
    """What a request to a provider is for; each lane has its share of the limits."""

    RENT = "rent", pgettext_lazy("lane", "Rent")
    CONTROL = "control", _("Cancel, finish, last look")
    POLL = "poll", _("Poll")
    BALANCE = "balance", _("Balance and statement")
    CATALOGUE = "catalogue", _("Catalogue")
    CONSOLE = "console", _("Console")


class Verdict(models.TextChoices):
    """What came of a request to a provider: the words of providers.judging, for people."""

    DONE = "done", _("Answered")
    REFUSED = "refused", _("Refused")
    NOT_FOUND = "not_found", _("Not known there")
    THROTTLED = "throttled", _("Asked to wait")
    BAD_KEY = "bad_key", _("Key refused")
    UNAVAILABLE = "unavailable", _("No usable answer")
    UNKNOWN = "unknown", _("Outcome unknown")
