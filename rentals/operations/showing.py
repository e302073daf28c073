"""Somebody is shown what came for another, and it stays known that they were."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import User
from rentals.models import Message, Rental
from rentals.operations.errors import NotPossible


def show_messages(
    *, rental: Rental, messages: Collection[Message], reason: str, actor: User
) -> None:
    """Write down who is shown which messages, and why; show them when this has returned.

    Whatever came since they were read is not among them, and needs asking again. Raises
    NotPossible without a reason, and where there is nothing to show.
    """
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    if not messages:
        raise NotPossible(_("No message has come for this rental."))
    with transaction.atomic():
        audit.record(
            team=rental.team,
            actor=actor,
            action=Action.CODE_SHOWN,
            object=rental,
            after={"renter": str(rental.member), "messages": sorted(m.pk for m in messages)},
            reason=reason.strip()[:500],
        )
