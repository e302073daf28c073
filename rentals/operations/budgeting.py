"""An admin adds, changes and ends a team's budgets. What they were before is on record."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import Membership, Team, User
from accounts.states import Role
from rentals.models import Budget
from rentals.operations.errors import NotPossible
from rentals.states import BudgetCounts, BudgetPeriod, BudgetScope

LARGEST: Final = Decimal("1e12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What of a budget can be changed. `warn_share` is in percent."""

    amount: Decimal
    warn_share: int
    active_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a budget is of, for good."""

    scope: BudgetScope
    period: BudgetPeriod
    counts: BudgetCounts
    currency: str
    active_from: date
    member: User | None = None
    purpose: str = ""


def add_budget(*, team: Team, plan: Plan, terms: Terms, actor: User, now: datetime) -> Budget:
    """Add a budget. Raises NotPossible, with the reason in a person's words."""
    _check_admin(team, actor)
    _check(terms, plan.active_from)
    _check_plan(team, plan)
    budget = Budget(
        team=team,
        scope=plan.scope,
        member=plan.member,
        purpose=plan.purpose.strip(),
        period=plan.period,
        counts=plan.counts,
        currency=plan.currency,
        active_from=plan.active_from,
        created_at=now,
        created_by=actor,
        **_fields(terms),
    )
    try:
        with transaction.atomic():
            budget.save(force_insert=True)
            audit.record(
                team=team,
                actor=actor,
                action=Action.BUDGET_ADDED,
                object=budget,
                after={**_what(budget), **_told(budget)},
            )
    except IntegrityError as error:
        if "one_budget_of_its_kind" not in str(error):
            raise
        raise NotPossible(
            _("There is such a budget from this day on already. Change that one instead.")
        ) from error
    return budget


def change_budget(
    *, budget: Budget, version: int, terms: Terms, actor: User, now: datetime
) -> Budget:
    """Change a budget that is still as it was in `version`. Raises NotPossible.

    It counts from the next rent on; what was approved beyond it stays.
    """
    with transaction.atomic():
        locked = _locked(budget, actor)
        if locked.version != version:
            raise NotPossible(
                _("Somebody has changed this budget meanwhile. Look at it again, then decide.")
            )
        _check(terms, locked.active_from)
        before = _told(locked)
        for name, value in _fields(terms).items():
            setattr(locked, name, value)
        if _told(locked) == before:
            return locked
        locked.version += 1
        locked.save(update_fields=[*_fields(terms), "version"])
        audit.record(
            team=locked.team,
            actor=actor,
            action=Action.BUDGET_CHANGED,
            object=locked,
            before=before,
            after=_told(locked),
        )
    return locked


def end_budget(*, budget: Budget, actor: User, now: datetime) -> None:
    """End a budget: from now on it stops nothing. Raises NotPossible."""
    with transaction.atomic():
        locked = _locked(budget, actor)
        locked.ended_at, locked.ended_by = now, actor
        locked.version += 1
        locked.save(update_fields=["ended_at", "ended_by", "version"])
        audit.record(
            team=locked.team,
            actor=actor,
            action=Action.BUDGET_ENDED,
            object=locked,
            before={**_what(locked), **_told(locked)},
        )


def _locked(budget: Budget, actor: User) -> Budget:
    """Rents that it concerns wait, and then read what was decided. Raises NotPossible."""
    rows = Budget.objects.select_for_update(of=("self",), no_key=True).select_related("team")
    locked = rows.get(pk=budget.pk)
    _check_admin(locked.team, actor)
    if locked.ended_at is not None:
        raise NotPossible(_("This budget has ended."))
    return locked


def _fields(terms: Terms) -> dict[str, Any]:
    return {
        "amount": terms.amount,
        "warn_share": terms.warn_share,
        "active_to": terms.active_to,
    }


def _what(budget: Budget) -> dict[str, Any]:
    """For the log: what never changes."""
    return {
        "for": budget.whose,
        "period": budget.period,
        "counts": budget.counts,
        "currency": budget.currency,
        "first day": budget.active_from.isoformat(),
    }


def _told(budget: Budget) -> dict[str, Any]:
    """For the log: what can change."""
    return {
        "amount": f"{budget.amount.normalize():f}",
        "warns at percent": budget.warn_share,
        "last day": budget.active_to.isoformat() if budget.active_to else None,
    }


def _check_admin(team: Team, actor: User) -> None:
    held = Membership.objects.filter(team=team, user=actor, roles__contains=[Role.ADMIN])
    if not held.exists():
        raise NotPossible(_("Only an admin of the team sets its budgets."))


def _check(terms: Terms, first: date) -> None:
    if not terms.amount.is_finite() or not Decimal(0) < terms.amount < LARGEST:
        raise NotPossible(_("The amount must be a number above 0."))
    if terms.amount != round(terms.amount, 4):
        raise NotPossible(_("The amount has more than 4 decimals."))
    if not 1 <= terms.warn_share <= 100:
        raise NotPossible(_("Warn at 1 to 100 percent of it."))
    if terms.active_to is not None and terms.active_to < first:
        raise NotPossible(_("The last day is before the first one."))


def _check_plan(team: Team, plan: Plan) -> None:
    if (plan.scope == BudgetScope.MEMBER) != (plan.member is not None):
        raise NotPossible(_("Choose whose budget it is."))
    if plan.member and not Membership.objects.filter(team=team, user=plan.member).exists():
        raise NotPossible(_("This person is not in the team."))
    if (plan.scope == BudgetScope.PURPOSE) != bool(plan.purpose.strip()):
        raise NotPossible(_("Say which purpose, for a budget of a purpose and for no other."))
    if plan.counts == BudgetCounts.OWN and plan.currency not in currencies_paid_in(team):
        raise NotPossible(_("None of the team’s provider accounts is paid in this currency."))
    if plan.counts == BudgetCounts.ALL and plan.currency != team.reporting_currency:
        raise NotPossible(_("Everything is counted in the team’s reporting currency."))


def currencies_paid_in(team: Team) -> list[str]:
    """Those of the team's provider accounts."""
    accounts = team.provider_accounts.filter(archived_at__isnull=True)
    return sorted(set(accounts.values_list("currency", flat=True)))
