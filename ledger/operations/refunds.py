"""Refunds: claimed when one is owed, booked when its money is seen, and not before."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import ProviderAccount
from ledger.amounts import noted
from ledger.book import Entry, post
from ledger.days import team_day
from ledger.models import Refund
from ledger.operations.balance.refund_rules import expectation, learned_rule
from ledger.operations.exceptions import Report, report
from ledger.queries.charges import charged_for
from ledger.states import (
    AWAITED,
    AccountKind,
    ExceptionKind,
    RefundCause,
    RefundState,
    TransferKind,
)
from providers.registry import provider

# No document names a time: these say when somebody should begin to ask.
DUE_AT_ONCE: Final = timedelta(hours=1)  # "refund processed"
DUE_QUEUED: Final = timedelta(days=3)  # "refund queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed. `charged` counts where the book has nothing of the rental; `age`: the part
    of the rental's time that was used, 0 to 1; `day`: the team's day of the purchase; `queued`: the
    provider has said that it will pay."""

    wallet: ProviderAccount
    reference: str
    cause: RefundCause
    charged: Decimal
    day: date
    external_id: str = ""
    service: str = ""
    age: float | None = None
    queued: bool = False


def claim(wanted: Claim, *, now: datetime) -> Refund:
    """Write down what the provider owes; the same reference gets the same claim again.

    One that was withdrawn becomes what is claimed now; so does one that nobody had promised, which
    was made for money that came before it was claimed.
    """
    claimed = _claimed(wanted, now)
    refund, is_new = Refund.objects.get_or_create(
        wallet=wanted.wallet, reference=wanted.reference, defaults=claimed
    )
    if not is_new and _withdrawn(wanted.wallet, wanted.reference).update(**claimed, reason=""):
        refund.refresh_from_db()
    elif not is_new and refund.cause == RefundCause.EXPIRED and refund.cause != wanted.cause:
        return _promised(refund, claimed, now)
    return refund


def _promised(refund: Refund, claimed: dict[str, Any], now: datetime) -> Refund:
    """What has come may be less than is owed. One that a person has closed stays so."""
    with transaction.atomic():
        refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
        if refund.state in (RefundState.WRITTEN_OFF, RefundState.OVER_PAID):
            return refund
        for name, value in claimed.items():
            setattr(refund, name, value)
        if refund.received:
            refund.state = refund.state_by_money
        refund.save(update_fields=list(claimed))
        if refund.state == RefundState.SHORT_PAID:
            _report_short(refund, now)
    return refund


def _claimed(wanted: Claim, now: datetime) -> dict[str, Any]:
    charged = charged_for(wanted.wallet.pk, wanted.reference) or wanted.charged
    low, high = expected(wanted.wallet, wanted.cause, charged, wanted.age)
    return {
        "external_id": wanted.external_id,
        "service": wanted.service,
        "cause": wanted.cause,
        "state": RefundState.QUEUED if wanted.queued else RefundState.EXPECTED,
        "currency": wanted.wallet.currency,
        "charged": charged,
        "expected_min": low,
        "expected_max": high,
        "age": wanted.age,
        "claimed_at": now,
        "due_at": now + due_within(wanted.wallet),
        "day": wanted.day,
    }


def withdraw(wallet: ProviderAccount, reference: str, *, reason: str) -> bool:
    """Take back an awaited claim that turned out to be none: nobody writes anything off.

    Returns whether there was one. What came back before stays a refund.
    """
    awaited = Refund.objects.filter(wallet=wallet, reference=reference, state__in=AWAITED)
    return bool(
        awaited.update(state=RefundState.WRITTEN_OFF, expected_min=0, expected_max=0, reason=reason)
    )


def _withdrawn(wallet: ProviderAccount, reference: str) -> QuerySet[Refund]:
    """A claim that is closed without a person: the only ones that may be claimed again."""
    return Refund.objects.filter(
        wallet=wallet,
        reference=reference,
        state=RefundState.WRITTEN_OFF,
        closed_by__isnull=True,
        received=0,
    )


def expected(
    wallet: ProviderAccount, cause: RefundCause, charged: Decimal, age: float | None
) -> tuple[Decimal, Decimal]:
    """Between which amounts the refund should be.

    SMSGig processes "a refund" of the rental; SMS Villa refunds "the unused portion", which may be
    all of it or nothing until it is learned (refund_rules). A rental that ended by itself is
    promised nothing.
    """
    if cause == RefundCause.EXPIRED:
        return Decimal(0), charged
    if _pays_at_once(wallet) or cause == RefundCause.LOST:
        return charged, charged
    return expectation(learned_rule(wallet), charged, age)


def recharge(refund: Refund, charged: Decimal, *, now: datetime) -> None:
    """Have a claim, which is locked, be of what the rental was charged after all."""
    if charged == refund.charged or charged < 0:
        return
    refund.charged = charged
    refund.expected_min, refund.expected_max = expected(
        refund.wallet, RefundCause(refund.cause), charged, refund.age
    )
    if refund.received:
        refund.state = refund.state_by_money
    refund.save(update_fields=["charged", "expected_min", "expected_max", "state"])
    if refund.state == RefundState.SHORT_PAID:
        _report_short(refund, now)


def due_within(wallet: ProviderAccount) -> timedelta:
    return DUE_AT_ONCE if _pays_at_once(wallet) else DUE_QUEUED


def land(
    refund: Refund, amount: Decimal, *, key: str, occurred_at: datetime, now: datetime
) -> int | None:
    """Book refund money that was seen, for `refund`, which is locked by this.

    Never more than was charged: what goes beyond is put in suspense and in front of a person.
    Gives the id of the refund's transfer, None where all of it went beyond. The same `key` again
    changes nothing.
    """
    with transaction.atomic():
        locked = Refund.objects.select_for_update(of=("self",))
        refund = locked.select_related("wallet__team").get(pk=refund.pk)
        if known := refund.wallet.transfers.filter(key=key).values_list("pk", flat=True).first():
            return known
        within = min(amount, refund.charged - refund.received)
        booked = _book(refund, within, key, occurred_at, now) if within > 0 else None
        if amount > within:
            _report_excess(refund, amount - max(within, Decimal(0)), key, occurred_at, now)
        _received(refund, max(within, Decimal(0)), occurred_at, now, is_over=amount > within)
    return booked


def _book(refund: Refund, amount: Decimal, key: str, occurred_at: datetime, now: datetime) -> int:
    return post(
        Entry(
            key=key,
            wallet_id=refund.wallet.pk,
            debit=AccountKind.WALLET,
            credit=AccountKind.SPEND,
            amount=amount,
            kind=TransferKind.REFUND,
            reference=refund.reference,
            external_id=refund.external_id,
            service=refund.service,
            occurred_at=occurred_at,
            booked_on=team_day(refund.wallet.team, now),
            day=refund.day,
        )
    )


def _received(
    refund: Refund, amount: Decimal, at: datetime, now: datetime, *, is_over: bool
) -> None:
    refund.received += amount
    refund.received_at = at
    refund.state = RefundState.OVER_PAID if is_over else refund.state_by_money
    if refund.state == RefundState.SHORT_PAID:
        _report_short(refund, now)
    refund.save(update_fields=["received", "received_at", "state"])


def _report_excess(
    refund: Refund, excess: Decimal, key: str, occurred_at: datetime, now: datetime
) -> None:
    report(
        refund.wallet,
        Report(
            key=f"excess:{key}",
            kind=ExceptionKind.DOUBLE_REFUND,
            amount=excess,
            reference=refund.reference,
            occurred_at=occurred_at,
            detail="More came back than was charged.",
        ),
        now=now,
    )


def _report_short(refund: Refund, now: datetime) -> None:
    report(
        refund.wallet,
        Report(
            key=f"short:{refund.reference}",
            kind=ExceptionKind.SHORT_REFUND,
            reference=refund.reference,
            occurred_at=now,
            detail=f"{noted(refund.received, refund.currency)} of "
            f"{noted(refund.expected_min, refund.currency)} came back.",
        ),
        now=now,
    )


def is_overdue(refund: Refund, now: datetime) -> bool:
    """Whether it is awaited past its due date. What is promised by no document is never overdue."""
    return refund.state in AWAITED and refund.expected_max > 0 and refund.due_at < now


def _pays_at_once(wallet: ProviderAccount) -> bool:
    return provider(wallet.provider, wallet.server_prefix).capabilities.refund_at_once
