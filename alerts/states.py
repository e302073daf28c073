"""The words that alerts are in, and who reads which."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.states import Role


class Kind(models.TextChoices):
    """What is wrong."""

    LOW_WALLET = "low_wallet", _("Wallet is low")
    FALLING_WALLET = "falling_wallet", _("Wallet falls fast")
    BUDGET = "budget", _("Budget nearly used")
    OVERDUE_REFUND = "overdue_refund", _("Refund is overdue")
    IN_DOUBT = "in_doubt", _("Rental in doubt")
    KEY_REFUSED = "key_refused", _("Key refused")
    QUIET_WEBHOOKS = "quiet_webhooks", _("Webhooks gone quiet")
    ENDPOINT_OFF = "endpoint_off", _("Alerts by webhook stopped")


class Severity(models.IntegerChoices):
    WARNING = 1, _("Warning")
    CRITICAL = 2, _("Critical")


MONEY: Final = frozenset({Role.FINANCE, Role.ADMIN})
OPERATION: Final = frozenset({Role.ADMIN})

# Whoever an alert is about reads it too, whatever their role (Alert.member).
READERS: Final[dict[Kind, frozenset[Role]]] = {
    Kind.LOW_WALLET: MONEY,
    Kind.FALLING_WALLET: MONEY,
    Kind.BUDGET: MONEY,
    Kind.OVERDUE_REFUND: MONEY,
    Kind.IN_DOUBT: MONEY,
    Kind.KEY_REFUSED: OPERATION,
    Kind.QUIET_WEBHOOKS: OPERATION,
    Kind.ENDPOINT_OFF: OPERATION,
}

# What a member may be told of that is about themselves.
OWN: Final = frozenset({Kind.BUDGET, Kind.IN_DOUBT})


class News(models.TextChoices):
    """What became of an alert."""

    OPENED = "opened", _("Opened")
    WORSENED = "worsened", _("Got worse")
    CLOSED = "closed", _("Over")


class How(models.TextChoices):
    """How somebody is told by e-mail."""

    AT_ONCE = "at_once", _("At once")
    DIGEST = "digest", _("In the daily digest")
    OFF = "off", _("Not by e-mail")


DEFAULT_MAIL: Final[dict[Kind, How]] = {
    Kind.LOW_WALLET: How.AT_ONCE,
    Kind.FALLING_WALLET: How.AT_ONCE,
    Kind.BUDGET: How.AT_ONCE,
    Kind.OVERDUE_REFUND: How.DIGEST,
    Kind.IN_DOUBT: How.DIGEST,
    Kind.KEY_REFUSED: How.AT_ONCE,
    Kind.QUIET_WEBHOOKS: How.DIGEST,
    Kind.ENDPOINT_OFF: How.AT_ONCE,
}
