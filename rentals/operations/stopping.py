"""A rent that the team's policy or a budget stopped is on record: who wanted what, by which rule.

The rent's own transaction is rolled back, so it is written in another one. Somebody who keeps
trying is recorded once a minute for the same refusal, and a few times a minute at all.
"""

from datetime import timedelta
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from accounts import audit
from accounts.actions import Action
from accounts.models import AuditEvent, Membership
from ledger.amounts import said
from rentals.models import Policy, Rental
from rentals.operations.errors import PolicyRefused, StoppedByBudget

WITHIN: Final = timedelta(minutes=1)
MOST: Final = 10  # a member's in that time


def record_stop(
    *, membership: Membership, rental: Rental, stop: PolicyRefused | StoppedByBudget
) -> None:
    """Write down why `rental`, which is not kept, was stopped; not again what was just written."""
    with transaction.atomic():
        # One of a member at a time, so that a double click finds what the first has written.
        Membership.objects.select_for_update(no_key=True).filter(pk=membership.pk).first()
        action, about, why = _reason(membership, stop)
        wanted = why | _wanted(rental)
        if _is_news(membership, action, about, wanted):
            audit.record(
                team=membership.team,
                actor=membership.user,
                action=action,
                object=about,
                after=wanted,
            )


def _reason(
    membership: Membership, stop: PolicyRefused | StoppedByBudget
) -> tuple[Action, models.Model, dict[str, Any]]:
    if isinstance(stop, PolicyRefused):
        rules = [refusal.rule.value for refusal in stop.refusals]
        return Action.STOPPED_BY_POLICY, Policy.of(membership.team_id), {"rules": rules}
    budget = stop.budget
    why = {
        "rule": stop.rule,
        "for": budget.whose,
        "period": budget.period,
        "limit": said(budget.amount, budget.currency),
    }
    return Action.STOPPED_BY_BUDGET, budget, why


def _wanted(rental: Rental) -> dict[str, str]:
    """Neither the number nor the purpose that was typed, which can hold anything."""
    return {
        "service": rental.service_name,
        "account": rental.account.label,
        "price": str(rental.price),
        "currency": rental.currency,
    }


def _is_news(
    membership: Membership, action: Action, about: models.Model, wanted: dict[str, Any]
) -> bool:
    lately = AuditEvent.objects.filter(
        team=membership.team_id,
        actor=membership.user_id,
        at__gt=timezone.now() - WITHIN,
        action__in=[Action.STOPPED_BY_POLICY, Action.STOPPED_BY_BUDGET],
    )
    told = list(lately.values_list("action", "object_id", "after"))
    return len(told) < MOST and (action.value, str(about.pk), wanted) not in told
