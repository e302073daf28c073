"""A rental's states and the moves between them that are allowed.

requested ─► waiting ─► received ─► finished       received ─► received (another SMS)
    │            ├────► cancelling ─► cancelled | waiting | received | expired
    ├─► refused  └────► expired ─► received (a late message)
    └─► in_doubt ─► waiting | lost | refused

A paid number is never turned away: by its own late answer a refused or a lost rental goes on to
waiting, and a lost one also by a webhook that can be of no other. What was refused and is proved
to have been charged all the same is lost.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RentalState(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    WAITING = "waiting", _("Waiting for SMS")
    RECEIVED = "received", _("Code received")
    FINISHED = "finished", _("Finished")
    CANCELLING = "cancelling", _("Cancelling")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    REFUSED = "refused", _("Refused")
    IN_DOUBT = "in_doubt", _("In doubt")
    LOST = "lost", _("Lost")


S = RentalState

MOVES: dict[RentalState, frozenset[RentalState]] = {
    S.REQUESTED: frozenset({S.WAITING, S.REFUSED, S.IN_DOUBT}),
    S.IN_DOUBT: frozenset({S.WAITING, S.REFUSED, S.LOST}),
    S.WAITING: frozenset({S.RECEIVED, S.CANCELLING, S.EXPIRED}),
    S.CANCELLING: frozenset({S.CANCELLED, S.WAITING, S.RECEIVED, S.EXPIRED}),
    S.EXPIRED: frozenset({S.RECEIVED}),
    S.RECEIVED: frozenset({S.RECEIVED, S.FINISHED}),
    S.FINISHED: frozenset(),
    S.CANCELLED: frozenset(),
    S.REFUSED: frozenset({S.WAITING, S.LOST}),
    S.LOST: frozenset({S.WAITING}),
}

# The rent has got no answer that was applied.
UNANSWERED = frozenset({S.REQUESTED, S.IN_DOUBT})
# Ended without a number, which may come after all.
WITHOUT_NUMBER = frozenset({S.REFUSED, S.LOST})
# Somebody may still be waiting for something: these stand on the board.
LIVE = frozenset({S.REQUESTED, S.IN_DOUBT, S.WAITING, S.CANCELLING, S.RECEIVED})
# Ended before its time by us. Its provider may have taken an SMS for it all the same.
GIVEN_UP = frozenset({S.CANCELLED, S.FINISHED})
# The provider knows an activation and may still hand over an SMS for it.
OPEN = frozenset({S.WAITING, S.CANCELLING, S.RECEIVED})


class Source(models.TextChoices):
    """How a message reached us."""

    WEBHOOK = "webhook", _("Webhook")
    POLL = "poll", _("Poll")


class BudgetScope(models.TextChoices):
    """Whose rentals a budget counts."""

    TEAM = "team", _("The whole team")
    EACH = "each", _("Each member")  # a limit for each of them, and not for all together
    MEMBER = "member", _("One member")  # who has none of those for each member beside it
    PURPOSE = "purpose", _("A purpose")


class BudgetPeriod(models.TextChoices):
    """Of the team's days; a week begins on Monday."""

    DAY = "day", _("A day")
    WEEK = "week", _("A week")
    MONTH = "month", _("A month")


class BudgetCounts(models.TextChoices):
    """What a budget counts."""

    ALL = "all", _("Everything")  # told in its currency, by the rates of the days
    OWN = "own", _("Only what is paid in its currency")


class AskedState(models.TextChoices):
    """What became of a request for more."""

    OPEN = "open", _("Open")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class SpendOutcome(models.TextChoices):
    """What came of the money of a rental."""

    RECEIVED = "received", _("Code received")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    LOST = "lost", _("Lost")  # charged, and no number given
    IN_DOUBT = "in_doubt", _("In doubt")
    UNDER_WAY = "under_way", _("Under way")
    REFUSED = "refused", _("Refused")


OUTCOMES: dict[RentalState, SpendOutcome] = {
    S.REQUESTED: SpendOutcome.UNDER_WAY,
    S.WAITING: SpendOutcome.UNDER_WAY,
    S.CANCELLING: SpendOutcome.UNDER_WAY,
    S.RECEIVED: SpendOutcome.RECEIVED,
    S.FINISHED: SpendOutcome.RECEIVED,
    S.CANCELLED: SpendOutcome.CANCELLED,
    S.EXPIRED: SpendOutcome.EXPIRED,
    S.REFUSED: SpendOutcome.REFUSED,
    S.IN_DOUBT: SpendOutcome.IN_DOUBT,
    S.LOST: SpendOutcome.LOST,
}
# Bought, and over: what the success rate is a share of.
DECIDED = frozenset(
    {
        SpendOutcome.RECEIVED,
        SpendOutcome.CANCELLED,
        SpendOutcome.EXPIRED,
        SpendOutcome.LOST,
    }
)
