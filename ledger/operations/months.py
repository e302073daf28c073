"""Finance closes a month: what it held is frozen, and nothing can be booked in it any more."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import ProviderAccount, Team, User
from ledger.days import team_day
from ledger.models import Balance, ClosedMonth, ReconciliationException, Transfer
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.rates import MissingRate, report_spend
from ledger.operations.resolving import hand_to, is_finance
from ledger.queries.months import (
    Month,
    OpenItem,
    able_to_act,
    first_months,
    following,
    mark_of,
    month,
    open_items,
)
from ledger.states import UNRESOLVED


def close_month(
    *,
    wallet: ProviderAccount,
    first: date,
    actor: User,
    now: datetime,
    knows: str = "",
    follows_up: User | None = None,
    note: str = "",
) -> ClosedMonth:
    """Freeze the month that begins on `first`, for good. Raises NotPossible, Decided.

    The actor's right is looked at here too, since nobody can take a close back.

    With open items only where the actor `knows` them (`mark_of` those that they have seen), gives
    a `note` and names who `follows_up` what nobody has: the exceptions are assigned to them.
    """
    with transaction.atomic():
        # Its time zone and its people's roles stay meanwhile: whoever changes them waits here, and
        # takes no zone in which the month is not over.
        wallet.team = Team.objects.select_for_update(no_key=True).get(pk=wallet.team_id)
        if not is_finance(wallet.team, actor):
            raise NotPossible(_("Only somebody with the role finance can close a month."))
        _check_turn(wallet, first, now)
        _hand_over(wallet, first, follows_up)
        # Whoever books takes these locks before it looks for closed months, so a booking that
        # races with this is either counted here or refused there.
        _lock_balances(wallet)
        _check_turn(wallet, first, now)
        left = open_items(wallet, first)
        _check_left(left, knows, note, follows_up)
        frozen = month(wallet, first, now=now, anew=True)
        if frozen is None:
            raise NotPossible(_("The wallet has no such month."))
        closed = _freeze(wallet, frozen, left, follows_up, actor, now, note)
        audit.record(
            team=wallet.team,
            actor=actor,
            action=Action.MONTH_CLOSED,
            object=closed,
            after={"month": f"{first:%Y-%m}", "wallet": wallet.pk, "left_open": len(left)},
            reason=closed.note,
        )
    return closed


def _check_turn(wallet: ProviderAccount, first: date, now: datetime) -> None:
    """The month is over in the team's zone, it is still open, and all before it are closed."""
    if first.day != 1 or following(first) > team_day(wallet.team, now):
        raise NotPossible(_("A month can be closed when it is over."))
    closed = set(ClosedMonth.objects.filter(wallet=wallet).values_list("month", flat=True))
    if first in closed:
        raise Decided(_("This month is closed already."))
    at = first_months([wallet]).get(wallet.pk)
    if at is None or first < at:
        raise NotPossible(_("The wallet has no such month."))
    while at < first:
        if at not in closed:
            raise NotPossible(_("Close %(month)s first.") % {"month": f"{at:%Y-%m}"})
        at = following(at)


def _hand_over(wallet: ProviderAccount, first: date, to: User | None) -> None:
    """What nobody has is theirs now. Before the balances are locked: that is everybody's order."""
    if to is None:
        return
    if not is_finance(wallet.team, to):
        raise NotPossible(_("Only somebody with the role finance can take it."))
    free = [
        item.pk
        for item in open_items(wallet, first)
        if item.what == "exception" and not item.person
    ]
    rows = ReconciliationException.objects.select_for_update().filter(
        pk__in=free, state__in=UNRESOLVED
    )
    rows = rows.exclude(assigned_to__in=able_to_act(wallet.team))
    for each in rows.order_by("pk"):
        hand_to(each, to)


def _lock_balances(wallet: ProviderAccount) -> None:
    rows = Balance.objects.select_for_update(of=("self",)).filter(account__wallet=wallet)
    list(rows.order_by("account_id"))


def _check_left(left: list[OpenItem], knows: str, note: str, follows_up: User | None) -> None:
    if left and knows != mark_of(left):
        raise NotPossible(_("Something is still open. Say that you know, or settle it first."))
    if left and not note.strip():
        raise NotPossible(_("Note why the month is closed while something is open."))
    if follows_up is None and any(not item.person for item in left):
        raise NotPossible(_("Say who follows up what is left open and nobody has."))


def _freeze(
    wallet: ProviderAccount,
    frozen: Month,
    left: list[OpenItem],
    follows_up: User | None,
    actor: User,
    now: datetime,
    note: str,
) -> ClosedMonth:
    try:
        with transaction.atomic():
            return ClosedMonth.objects.create(
                wallet=wallet,
                month=frozen.first,
                closed_at=now,
                closed_by=actor,
                note=note.strip()[:500],
                totals=_totals(frozen) | _reporting(wallet, frozen.first, now),
                left_open=[_words(item, follows_up) for item in left],
            )
    except IntegrityError as error:
        raise Decided(_("This month is closed already.")) from error


def _totals(frozen: Month) -> dict[str, Any]:
    return {
        "opening": str(frozen.opening),
        "closing": str(frozen.closing),
        "movements": {str(kind): str(amount) for kind, amount in frozen.movements.items()},
        "accounts": {kind: str(amount) for kind, amount in frozen.accounts.items()},
    }


def _reporting(wallet: ProviderAccount, first: date, now: datetime) -> dict[str, Any]:
    """What the month's rentals cost in the team's reporting currency, where rates exist for it."""
    try:
        lines = Transfer.objects.filter(
            wallet=wallet, booked_on__gte=first, booked_on__lt=following(first)
        )
        total = report_spend(team=wallet.team, lines=lines, now=now)
    except MissingRate:
        return {}
    return {"reporting": {"currency": total.currency, "spend": str(total.amount)}}


def _words(item: OpenItem, follows_up: User | None) -> dict[str, Any]:
    amount: Decimal = item.amount
    return {
        "what": item.what,
        "id": item.pk,
        "kind": item.kind,
        "amount": str(amount),
        "reference": item.reference,
        "person": item.person or str(follows_up),
    }
