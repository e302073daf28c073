"""What a match has booked is reversed by corrections; nothing is changed or removed."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from ledger.book import Entry, post
from ledger.days import team_day
from ledger.models import Finding, Match, ReconciliationException, Refund, Transfer
from ledger.models.book import UNDONE
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.exceptions import report
from ledger.operations.recharging import recharging
from ledger.operations.statement.settling import out_of_suspense
from ledger.operations.unexplained import unexplained
from ledger.states import (
    UNRESOLVED,
    AccountKind,
    ExceptionKind,
    ExceptionState,
    Phase,
    RefundState,
    Resolution,
    TransferKind,
)


def undo(match: Match, *, actor: User | None, reason: str, now: datetime) -> None:
    """Inside the caller's transaction, which holds the book. Raises NotPossible, Decided."""
    live = Match.objects.filter(pk=match.pk, undone_at__isnull=True)
    if not live.update(undone_at=now, undone_by=actor):
        raise Decided(_("It was taken back meanwhile."))
    _reverse_booked(match, actor, reason, now)
    if match.transfer.phase == Phase.PENDING:
        _forget_finding(match, now)
    report(match.row.wallet, unexplained(match.row, again_after=match.pk), now=now)


def _reverse_booked(match: Match, actor: User | None, reason: str, now: datetime) -> None:
    booked, key = _booked_by(match), f"match:{match.pk}{UNDONE}"
    if booked is None:
        return
    if booked.kind == TransferKind.REFUND:
        reverse(booked, key, actor=actor, reason=reason, now=now)
        take_back(booked, now)
        _take_back_excess(match, booked, now)
    else:
        with recharging(match.row.wallet, booked.reference, now=now):
            reverse(booked, key, actor=actor, reason=reason, now=now)


def _booked_by(match: Match) -> Transfer | None:
    """A match books one thing at most: the landing, the deposit, or the difference."""
    if has_landed(match):
        return match.transfer
    return Transfer.objects.filter(key=f"match:{match.pk}:differs").first()


def has_landed(match: Match) -> bool:
    """Whether the match itself has booked what it points at."""
    return match.transfer.key.startswith(f"row:{match.row_id}:")


def reverse(booked: Transfer, key: str, *, actor: User | None, reason: str, now: datetime) -> None:
    post(reversal(booked, key, actor=actor, reason=reason, now=now))


def reversal(
    booked: Transfer, key: str, *, actor: User | None, reason: str, now: datetime
) -> Entry:
    """What takes it back, to be posted."""
    wallet = booked.wallet
    return Entry(
        key=key,
        wallet_id=wallet.pk,
        debit=AccountKind(booked.credit.kind),
        credit=AccountKind(booked.debit.kind),
        amount=booked.amount,
        kind=TransferKind.CORRECTION,
        reference=booked.reference,
        external_id=booked.external_id,
        service=booked.service,
        occurred_at=booked.occurred_at,
        booked_on=team_day(wallet.team, now),
        day=booked.day,
        actor_id=actor.pk if actor else None,
        reason=reason[:500],
    )


def take_back(landed: Transfer, now: datetime) -> None:
    """A landing was reversed: its claim has received that much less."""
    refund = Refund.objects.select_for_update(of=("self",)).get(
        wallet=landed.wallet_id, reference=landed.reference
    )
    refund.received -= landed.amount
    refund.state = _state(refund)
    last = _landings(refund).order_by("-occurred_at").first() if refund.received else None
    refund.received_at = last.occurred_at if last else None
    refund.save(update_fields=["received", "received_at", "state"])
    if refund.state != RefundState.SHORT_PAID:
        _close_notice(refund, now)


def _landings(refund: Refund) -> QuerySet[Transfer]:
    """What came and was not taken back."""
    live = Match.objects.filter(undone_at__isnull=True).values("transfer")
    taken_back = Transfer.objects.filter(key=Concat(OuterRef("key"), Value(UNDONE)))
    found = Transfer.objects.filter(
        ~Exists(taken_back),
        wallet=refund.wallet_id,
        reference=refund.reference,
        kind=TransferKind.REFUND,
    )
    return found.filter(~Q(key__startswith="row:") | Q(pk__in=live))


def _state(refund: Refund) -> RefundState:
    if refund.received <= 0:
        return RefundState.WRITTEN_OFF if _was_given_up(refund) else RefundState.EXPECTED
    return refund.state_by_money


def _was_given_up(refund: Refund) -> bool:
    """Whether a person had written it off, or it turned out to be no claim, before money came."""
    return refund.closed_by_id is not None or bool(refund.expected_max == 0 and refund.reason)


def _take_back_excess(match: Match, landed: Transfer, now: datetime) -> None:
    """What went beyond is in the row's own exception again."""
    excess = ReconciliationException.objects.select_for_update(of=("self",)).filter(
        wallet=landed.wallet_id, key=f"excess:{landed.key}"
    )
    for each in excess:
        if each.state not in UNRESOLVED:
            raise NotPossible(_("What came back beyond the charge was resolved. Open it first."))
        post(out_of_suspense(match.row.wallet, each, now))
        _close(each, now)


def _close_notice(refund: Refund, now: datetime) -> None:
    for notice in ReconciliationException.objects.filter(
        wallet=refund.wallet_id,
        kind=ExceptionKind.SHORT_REFUND,
        reference=refund.reference,
        state__in=UNRESOLVED,
    ):
        _close(notice, now)


def _close(exception: ReconciliationException, now: datetime) -> None:
    exception.state, exception.resolved_at = ExceptionState.RESOLVED, now
    exception.resolution = Resolution.NOTED
    exception.reason = gettext_noop("The match that it came from was taken back.")
    exception.save(update_fields=["state", "resolved_at", "resolution", "reason"])


def _forget_finding(match: Match, now: datetime) -> None:
    """What the row seemed to prove about a rental in doubt, where nobody has acted on it yet."""
    Finding.objects.filter(
        wallet=match.transfer.wallet_id,
        reference=match.transfer.reference,
        consumed_at__isnull=True,
    ).update(consumed_at=now, consumed="too_late")
