"""A member asks for more than a budget has; an admin approves or declines. All of it on record."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import Membership, User
from accounts.states import Role
from ledger.amounts import noted
from ledger.days import team_day
from rentals.budgets.applying import in_force
from rentals.budgets.periods import period_of
from rentals.models import Budget, BudgetRequest
from rentals.nudges import nudge
from rentals.operations.errors import NotPossible
from rentals.states import AskedState

LARGEST = Decimal("1e12")


def ask_for_more(
    *, membership: Membership, budget: Budget, amount: Decimal, reason: str, now: datetime
) -> BudgetRequest:
    """Ask the admins for `amount` more in the budget's period that runs now. Raises NotPossible."""
    today = team_day(membership.team, now)
    _check_asking(membership, budget, today)
    if not amount.is_finite() or not Decimal(0) < amount < LARGEST:
        raise NotPossible(_("The amount must be a number above 0."))
    if amount != round(amount, 4):
        raise NotPossible(_("The amount has more than 4 decimals."))
    if not reason.strip():
        raise NotPossible(_("Say what it is for: an admin decides by that."))
    asked = BudgetRequest(
        budget=budget,
        asked_by=membership.user,
        asked_at=now,
        first=period_of(budget.period, today).first,
        amount=amount,
        reason=reason.strip()[:500],
        mail_due_at=now,
    )
    try:
        with transaction.atomic():
            asked.save(force_insert=True)
            _record(asked, membership.user, Action.BUDGET_MORE_ASKED, reason=asked.reason)
            transaction.on_commit(lambda: nudge("rentals.mail_request", asked.pk))
    except IntegrityError as error:
        if "one_open_request_a_period" not in str(error):
            raise
        raise NotPossible(
            _("You have asked already, and nobody has decided. Withdraw that to ask again.")
        ) from error
    return asked


def withdraw_request(*, request: BudgetRequest, actor: User, now: datetime) -> None:
    """Take back one's own request. Raises NotPossible once it is decided, or for another's."""
    with transaction.atomic():
        locked = _locked(request)
        if locked.asked_by_id != actor.pk:
            raise NotPossible(_("Only who asked can withdraw it."))
        _decide(locked, AskedState.WITHDRAWN, actor, "", now)
        _record(locked, actor, Action.BUDGET_MORE_WITHDRAWN)


def approve_request(*, request: BudgetRequest, actor: User, note: str = "", now: datetime) -> None:
    """Raise the budget by what was asked for, for its period alone. Raises NotPossible."""
    with transaction.atomic():
        locked = _to_decide(request, actor)
        if period_of(locked.budget.period, locked.first).last < team_day(locked.budget.team, now):
            raise NotPossible(_("The time that it was asked for is over. It can only be declined."))
        if locked.budget.ended_at is not None:
            raise NotPossible(_("The budget has ended: nothing is left to raise. Decline it."))
        _decide(locked, AskedState.APPROVED, actor, note, now)
        _record(locked, actor, Action.BUDGET_RAISED, reason=locked.note)


def decline_request(*, request: BudgetRequest, actor: User, note: str = "", now: datetime) -> None:
    """Leave the budget as it is. Raises NotPossible."""
    with transaction.atomic():
        locked = _to_decide(request, actor)
        _decide(locked, AskedState.DECLINED, actor, note, now)
        _record(locked, actor, Action.BUDGET_DECLINED, reason=locked.note)


def _check_asking(membership: Membership, budget: Budget, today: date) -> None:
    if not membership.has(Role.MEMBER, Role.ADMIN):
        raise NotPossible(_("You may not rent numbers here."))
    active = Budget.objects.filter(team=membership.team_id).active(today)
    own = in_force(active.concerning(membership.user_id), membership.user_id)
    if budget not in own:
        raise NotPossible(_("This budget does not count for you now."))


def _to_decide(request: BudgetRequest, actor: User) -> BudgetRequest:
    locked = _locked(request)
    held = Membership.objects.filter(team=locked.budget.team_id, user=actor)
    if not held.filter(roles__contains=[Role.ADMIN]).exists():
        raise NotPossible(_("Only an admin of the team decides."))
    return locked


def _locked(request: BudgetRequest) -> BudgetRequest:
    """The budget before the request. Raises NotPossible for what is decided."""
    Budget.objects.select_for_update(no_key=True).get(pk=request.budget_id)
    rows = BudgetRequest.objects.select_for_update(of=("self",))
    locked = rows.select_related("budget__team", "asked_by").get(pk=request.pk)
    if locked.state != AskedState.OPEN:
        state = str(AskedState(locked.state).label).lower()
        raise NotPossible(_("This request is %(state)s already.") % {"state": state})
    return locked


def _decide(
    request: BudgetRequest, state: AskedState, actor: User, note: str, now: datetime
) -> None:
    request.state, request.decided_by, request.decided_at = state, actor, now
    request.note = note.strip()[:500]
    is_told = actor.pk != request.asked_by_id  # who withdrew or decided it knows
    request.mail_due_at = now if is_told else None
    request.mail_tries, request.mailed_to = 0, []
    mailed = ["mail_due_at", "mail_tries", "mailed_to"]
    request.save(update_fields=["state", "decided_by", "decided_at", "note", *mailed])
    if is_told:
        transaction.on_commit(lambda: nudge("rentals.mail_request", request.pk))


def _record(request: BudgetRequest, actor: User, action: Action, *, reason: str = "") -> None:
    budget = request.budget
    audit.record(
        team=budget.team,
        actor=actor,
        action=action,
        object=budget,
        after={
            "for": budget.whose,
            "period from": request.first.isoformat(),
            "more": noted(request.amount, budget.currency),
            "asked by": str(request.asked_by),
        },
        reason=reason,
    )
