"""A person says which refunds or charges a change of the balance was, or takes that back.

Locks are taken in the order of all who explain balances: the book's row, exceptions, refunds,
findings, balances.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count, takewhile
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import ProviderAccount, User
from ledger.book import Entry, post
from ledger.book.entries import SMALLEST
from ledger.days import team_day
from ledger.models import Finding, ReconciliationException, Refund, Transfer
from ledger.operations import resolving
from ledger.operations.balance.positions import lock_balances
from ledger.operations.errors import Decided, NotPossible, told_if_closed
from ledger.operations.findings import find
from ledger.operations.refunds import land
from ledger.operations.statement import undoing
from ledger.operations.statement.charges import claim_for
from ledger.operations.statement.turn import lock_book
from ledger.queries.exceptions import PARTS, part_keys
from ledger.renters import Doubt, in_doubt
from ledger.states import (
    AccountKind,
    Evidence,
    ExceptionKind,
    FindingKind,
    Phase,
    Resolution,
    TransferKind,
)

EXPLAINED: Final = {Resolution.REFUND, Resolution.CHARGE}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a change was, and how much of it (positive).

    `what`: "refund:7", a claim; "transfer:12", a charge that nothing was claimed for yet;
    "doubt:rental:42", the charge of a rental in doubt.
    """

    what: str
    amount: Decimal


def can_explain(exception: ReconciliationException) -> bool:
    """Whether it is a change of the balance whose money can be that of rentals."""
    return exception.kind == ExceptionKind.DRIFT and bool(exception.amount)


def was_explained(exception: ReconciliationException) -> bool:
    """Whether a person said which rentals' money it was."""
    is_ours = exception.resolved_by_id is not None and can_explain(exception)
    return is_ours and exception.resolution in EXPLAINED


def explain(
    *,
    exception: ReconciliationException,
    parts: Sequence[Part],
    actor: User,
    reason: str,
    now: datetime,
) -> None:
    """Book a change as the refunds that landed, or tell the rentals that were charged.

    The parts come to the change to the cent, or nothing is booked. Raises NotPossible, Decided.
    """
    with told_if_closed(), transaction.atomic():
        lock_book(exception.wallet)
        locked = resolving.lock_unresolved(exception)
        _check(locked, parts, reason)
        key = resolving.numbered(locked, "resolved")
        if locked.amount > 0:
            refunds = _lock_refunds(locked.wallet, parts, now)
            post(_out_of_suspense(locked, key, actor, reason, now))
            _land(locked, refunds, parts, key, now)
        else:
            _find(locked, parts, actor, reason, now)
            post(_out_of_suspense(locked, key, actor, reason, now))
        outcome = Resolution.REFUND if locked.amount > 0 else Resolution.CHARGE
        resolving.write(locked, outcome, reason=reason, actor=actor, now=now)
        _note(locked, parts, actor, reason)


def take_back(
    *, exception: ReconciliationException, actor: User, reason: str, now: datetime
) -> None:
    """Reverse what was booked; the change is in suspense and in the queue again.

    A rental that was charged because of it stays charged. Raises NotPossible, Decided.
    """
    with told_if_closed(), transaction.atomic():
        lock_book(exception.wallet)
        locked = resolving.lock_resolved(exception, reason)
        if not was_explained(locked):
            raise NotPossible(_("That was not said to be the money of rentals."))
        if locked.amount > 0:
            _reverse(locked, actor, reason, now)
        else:
            _forget(locked, now)
        post(_back_to_suspense(locked, actor, reason, now))
        resolving.open_again(locked, reason=reason, actor=actor)


def landings(exception: ReconciliationException) -> list[Transfer]:
    """The refunds that it is said to have been, those before it was taken back not among them."""
    found = Transfer.objects.filter(key__in=part_keys(_last_key(exception)))
    return list(found.select_related("wallet__team", "debit", "credit").order_by("pk"))


def _last_key(exception: ReconciliationException) -> str:
    """Of the latest resolution: exception:PK:resolved, or the last of :resolved:2, :3, …"""
    first = f"exception:{exception.pk}:resolved"
    later = (f"{first}:{number}" for number in count(2))
    used = takewhile(lambda key: Transfer.objects.filter(key=key).exists(), later)
    return [first, *used][-1]


def _check(locked: ReconciliationException, parts: Sequence[Part], reason: str) -> None:
    if not can_explain(locked):
        raise NotPossible(_("Only a change of the balance can be divided."))
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    if not parts:
        raise NotPossible(_("Choose what it was."))
    if len(parts) > PARTS or len({part.what for part in parts}) < len(parts):
        raise NotPossible(_("Choose each once, and at most %(most)d.") % {"most": PARTS})
    for part in parts:
        if not part.amount.is_finite() or part.amount <= 0 or part.amount % SMALLEST:
            raise NotPossible(_("Each amount is more than 0, with at most four decimals."))
    together, wanted = sum(part.amount for part in parts), abs(locked.amount)
    if together != wanted:
        words = {"together": f"{together:f}", "wanted": f"{wanted:f}", "in": locked.currency}
        raise NotPossible(
            _("Together they come to %(together)s, and it is %(wanted)s %(in)s.") % words
        )


def _lock_refunds(
    wallet: ProviderAccount, parts: Sequence[Part], now: datetime
) -> dict[str, Refund]:
    """The claims, by what the parts call them, made where there is none yet; locked in one order.

    None gets more than was charged for its rental.
    """
    pks = {part.what: _claim(wallet, part.what, now) for part in parts}
    if len(set(pks.values())) < len(pks):
        raise NotPossible(_("Two of them are the same rental."))
    rows = Refund.objects.select_for_update(of=("self",)).filter(wallet=wallet)
    locked = {refund.pk: refund for refund in rows.filter(pk__in=pks.values()).order_by("pk")}
    if locked.keys() != set(pks.values()):
        raise _not_here()
    found = {what: locked[pk] for what, pk in pks.items()}
    for part in parts:
        refund = found[part.what]
        if part.amount > refund.charged - refund.received:
            words = {"left": f"{refund.charged - refund.received:f}", "what": refund.reference}
            raise NotPossible(_("Only %(left)s can still come back for %(what)s.") % words)
    return found


def _claim(wallet: ProviderAccount, what: str, now: datetime) -> int:
    kind, _colon, word = what.partition(":")
    if kind not in ("refund", "transfer") or not (word.isascii() and word.isdigit()):
        raise _not_here()
    if kind == "refund":
        return int(word)
    charge = Transfer.objects.filter(
        wallet=wallet,
        pk=int(word),
        kind=TransferKind.PURCHASE,
        phase__in=[Phase.POSTED, Phase.POST],
    ).first()
    if charge is None or not charge.reference:
        raise _not_here()
    return claim_for(wallet, charge, now=now)


def _not_here() -> NotPossible:
    return NotPossible(_("That is not of this wallet’s book."))


def _land(
    locked: ReconciliationException,
    refunds: dict[str, Refund],
    parts: Sequence[Part],
    key: str,
    now: datetime,
) -> None:
    for landing, part in zip(part_keys(key), parts, strict=False):
        refund = refunds[part.what]
        land(refund, part.amount, key=landing, occurred_at=locked.occurred_at, now=now)


def _find(
    locked: ReconciliationException,
    parts: Sequence[Part],
    actor: User,
    reason: str,
    now: datetime,
) -> None:
    """Tell the rentals. None that was settled meanwhile: nobody books while that is looked at."""
    wallet = locked.wallet
    doubts = {f"doubt:{doubt.reference}": doubt for doubt in in_doubt(wallet)}
    if any(part.what not in doubts for part in parts):
        raise NotPossible(_("That is no rental in doubt of this wallet."))
    for part in sorted(parts, key=lambda part: part.what):
        _find_one(locked, doubts[part.what], part.amount, actor, reason, now)
    lock_balances(wallet.pk)
    held = Transfer.objects.filter(
        wallet=wallet,
        reference__in=[doubts[part.what].reference for part in parts],
        phase=Phase.PENDING,
        resolution__isnull=True,
    )
    if held.values("reference").distinct().count() < len(parts):
        raise Decided(_("One of them was settled meanwhile. Look again."))


def _find_one(
    locked: ReconciliationException,
    doubt: Doubt,
    amount: Decimal,
    actor: User,
    reason: str,
    now: datetime,
) -> None:
    finding = find(
        wallet=locked.wallet,
        reference=doubt.reference,
        kind=FindingKind.CHARGED,
        evidence=Evidence.PERSON,
        amount=amount,
        occurred_at=doubt.since,
        actor=actor,
        note=reason.strip(),
        now=now,
    )
    if (finding.found_at, finding.actor_id, finding.amount) != (now, actor.pk, amount):
        raise Decided(_("What became of one of them was told meanwhile. Look again."))


def _reverse(locked: ReconciliationException, actor: User, reason: str, now: datetime) -> None:
    landed = landings(locked)
    references = [each.reference for each in landed]
    rows = Refund.objects.select_for_update(of=("self",)).filter(wallet=locked.wallet)
    list(rows.filter(reference__in=references).order_by("pk"))
    for each in landed:
        if each.matches.filter(undone_at__isnull=True).exists():
            raise NotPossible(_("The statement has a row for it by now: undo that match first."))
        key = each.reversal_key
        undoing.reverse(each, key, actor=actor, reason=reason.strip(), now=now)
        undoing.take_back(each, now)


def _forget(locked: ReconciliationException, now: datetime) -> None:
    """Withdraw what the rentals were told, where none has acted on it."""
    assert locked.resolved_at is not None  # noqa: S101 - it is resolved
    told = Finding.objects.select_for_update(of=("self",)).filter(
        wallet=locked.wallet,
        evidence=Evidence.PERSON,
        actor=locked.resolved_by,
        found_at=locked.resolved_at,
    )
    for finding in told.order_by("pk"):
        if finding.consumed_at is not None:
            raise NotPossible(_("The rental is charged by now: that can’t be taken back."))
        finding.consumed_at, finding.consumed = now, "too_late"
        finding.save(update_fields=["consumed_at", "consumed"])


def _out_of_suspense(
    locked: ReconciliationException, key: str, actor: User, reason: str, now: datetime
) -> Entry:
    return _between(locked, key, actor, reason, now, is_back=False)


def _back_to_suspense(
    locked: ReconciliationException, actor: User, reason: str, now: datetime
) -> Entry:
    key = resolving.numbered(locked, "reopened")
    return _between(locked, key, actor, reason, now, is_back=True)


def _between(
    locked: ReconciliationException,
    key: str,
    actor: User,
    reason: str,
    now: datetime,
    *,
    is_back: bool,
) -> Entry:
    to_wallet = (locked.amount > 0) == is_back
    sides = (AccountKind.WALLET, AccountKind.SUSPENSE)
    debit, credit = sides if to_wallet else sides[::-1]
    return Entry(
        key=key,
        wallet_id=locked.wallet_id,
        debit=debit,
        credit=credit,
        amount=abs(locked.amount),
        kind=TransferKind.CORRECTION,
        reference=locked.reference,
        occurred_at=locked.occurred_at,
        booked_on=team_day(locked.wallet.team, now),
        actor_id=actor.pk,
        reason=reason.strip()[:500],
    )


def _note(locked: ReconciliationException, parts: Sequence[Part], actor: User, reason: str) -> None:
    audit.record(
        team=locked.wallet.team,
        actor=actor,
        action=Action.MATCHED,
        object=locked,
        after={
            "parts": {part.what: f"{part.amount:f}" for part in parts},
            "resolution": locked.resolution,
            "amount": str(locked.amount),
            "currency": locked.currency,
        },
        reason=reason.strip()[:500],
    )
