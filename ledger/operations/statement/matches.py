"""A person says which booking a statement row is, or takes that back."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import User
from ledger.models import Match, ReconciliationException, Refund, StatementRow, Transfer
from ledger.operations.errors import Decided, NotPossible, told_if_closed
from ledger.operations.findings import find
from ledger.operations.refunds import land
from ledger.operations.statement import undoing
from ledger.operations.statement.candidates import Candidate, candidates
from ledger.operations.statement.charges import claim_for, correct_difference
from ledger.operations.statement.landings import fresh_key
from ledger.operations.statement.settling import lock_waiting, settle_matched
from ledger.operations.statement.turn import lock_book
from ledger.queries.charges import charged_for
from ledger.states import (
    Evidence,
    ExceptionState,
    FindingKind,
    MatchPass,
    Phase,
    Resolution,
    RowKind,
    TransferKind,
)

__all__ = ["Candidate", "candidates", "match_row", "undo"]


def match_row(
    *,
    row: StatementRow,
    transfer: Transfer | None = None,
    refund: Refund | None = None,
    by_pass: MatchPass = MatchPass.PERSON,
    actor: User | None,
    reason: str = "",
    now: datetime,
) -> Match:
    """Explain a row by a booking, or by the claim that it pays (one or the other).

    Its exception closes, and its money leaves suspense. Raises NotPossible, Decided.
    """
    with told_if_closed(), transaction.atomic():
        lock_book(row.wallet)
        _check(row, transfer, refund, actor, reason)
        lock_waiting([row.pk])
        if refund is not None:
            match = _pay(row, refund, by_pass, actor, reason, now)
        elif transfer is not None and row.kind == RowKind.REFUND and _is_purchase(transfer):
            claim = Refund.objects.get(pk=claim_for(row.wallet, transfer, now=now))
            match = _pay(row, claim, by_pass, actor, reason, now)
        else:
            assert transfer is not None  # noqa: S101 - _check has seen to it
            match = _book(row, transfer, by_pass, actor, reason, now)
        settle_matched(row.wallet, now=now, actor=actor, reason=reason.strip())
        _note(match, Action.MATCHED, actor, reason)
    return match


def undo(*, match: Match, actor: User, reason: str, now: datetime) -> None:
    """Take a match back with all that it booked; the row stands in the queue again.

    Raises NotPossible, Decided.
    """
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    with told_if_closed(), transaction.atomic():
        lock_book(match.row.wallet)
        undoing.undo(match, actor=actor, reason=reason.strip(), now=now)
        _note(match, Action.MATCH_UNDONE, actor, reason)


def _check(
    row: StatementRow,
    transfer: Transfer | None,
    refund: Refund | None,
    actor: User | None,
    reason: str,
) -> None:
    target = refund if transfer is None else transfer
    if target is None or (refund is not None and transfer is not None):
        raise NotPossible(_("Choose what the row is."))
    if target.wallet_id != row.wallet_id or row.before_cut_over:
        raise NotPossible(_("That is not of this wallet’s book."))
    if actor is not None and not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    if Match.objects.filter(row=row, undone_at__isnull=True).exists():
        raise Decided(_("The row was matched meanwhile. Look again."))
    if _was_decided(row):
        raise NotPossible(_("The row was resolved otherwise. Open it again first."))
    if transfer is not None:
        _check_transfer(row, transfer)
    elif row.kind != RowKind.REFUND:
        raise NotPossible(_("Only a refund can pay a claim."))


def _was_decided(row: StatementRow) -> bool:
    decided = ReconciliationException.objects.filter(
        row=row, state=ExceptionState.RESOLVED, resolved_by__isnull=False
    )
    return decided.exclude(resolution=Resolution.MATCHED).exists()


def _check_transfer(row: StatementRow, transfer: Transfer) -> None:
    wanted = {RowKind.PURCHASE: TransferKind.PURCHASE, RowKind.REFUND: TransferKind.REFUND}
    fits = transfer.kind == wanted.get(RowKind(row.kind), TransferKind.DEPOSIT)
    unclaimed = row.kind == RowKind.REFUND and _is_purchase(transfer)
    if not (fits or unclaimed) or row.kind == RowKind.OTHER or transfer.phase == Phase.VOID:
        raise NotPossible(_("The row and the booking are not of the same kind."))
    if unclaimed:
        return
    if Transfer.objects.filter(resolves=transfer).exists():
        raise NotPossible(_("That was settled meanwhile. Look again."))
    taken = Match.objects.filter(
        transfer__in=[pk for pk in (transfer.pk, transfer.resolves_id) if pk],
        undone_at__isnull=True,
    )
    taken_back = Transfer.objects.filter(key=transfer.reversal_key)
    if taken.exists() or transfer.key.startswith("row:") or taken_back.exists():
        raise NotPossible(_("Another row stands for that already."))
    if row.kind != RowKind.PURCHASE and transfer.amount != row.amount:
        raise NotPossible(_("Their amounts differ."))


def _is_purchase(transfer: Transfer) -> bool:
    return transfer.kind == TransferKind.PURCHASE and transfer.phase in (Phase.POSTED, Phase.POST)


def _pay(
    row: StatementRow,
    refund: Refund,
    by_pass: MatchPass,
    actor: User | None,
    reason: str,
    now: datetime,
) -> Match:
    landed = None
    if refund.received < refund.charged and row.amount > 0:
        key = fresh_key(row)
        landed = land(refund, row.amount, key=key, occurred_at=row.occurred_at, now=now)
    if landed is None:
        raise NotPossible(_("All that was charged came back already."))
    return _create(row, Transfer.objects.get(pk=landed), by_pass, actor, reason, now)


def _book(
    row: StatementRow,
    transfer: Transfer,
    by_pass: MatchPass,
    actor: User | None,
    reason: str,
    now: datetime,
) -> Match:
    match = _create(row, transfer, by_pass, actor, reason, now)
    if transfer.phase == Phase.PENDING:
        _find(row, transfer, actor, reason, now)
    elif row.kind == RowKind.PURCHASE:
        difference = row.amount - charged_with(row, transfer)
        if difference:
            correct_difference(row.wallet, match, difference, now=now)
    return match


def charged_with(row: StatementRow, transfer: Transfer) -> Decimal:
    if transfer.reference:
        return charged_for(row.wallet_id, transfer.reference)
    return transfer.amount


def _find(
    row: StatementRow, hold: Transfer, actor: User | None, reason: str, now: datetime
) -> None:
    find(
        wallet=row.wallet,
        reference=hold.reference,
        kind=FindingKind.CHARGED,
        evidence=Evidence.PERSON if actor else Evidence.STATEMENT,
        amount=row.amount,
        occurred_at=row.occurred_at,
        actor=actor,
        note=reason,
        now=now,
    )


def _create(
    row: StatementRow,
    transfer: Transfer,
    by_pass: MatchPass,
    actor: User | None,
    reason: str,
    now: datetime,
) -> Match:
    return Match.objects.create(
        row=row,
        transfer=transfer,
        by_pass=by_pass,
        at=now,
        actor=actor,
        reason=reason.strip()[:500],
    )


def _note(match: Match, action: Action, actor: User | None, reason: str) -> None:
    if actor is None:
        return
    audit.record(
        team=match.row.wallet.team,
        actor=actor,
        action=action,
        object=match,
        after={
            "row": match.row.provider_id,
            "transfer": match.transfer_id,
            "reference": match.transfer.reference,
            "amount": str(match.row.amount),
            "currency": match.transfer.currency,
        },
        reason=reason.strip(),
    )
