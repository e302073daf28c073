"""Where a rental's money is held, charged, released and asked back.

All of it runs inside the caller's transaction, with the rental's row locked before the book's
balances, in that order always; and last in it, because a wallet's bookings wait for each other.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ledger.amounts import noted
from ledger.operations import exceptions, holds, refunds
from ledger.operations.exceptions import Report
from ledger.operations.holds import Purchase
from ledger.operations.refunds import Claim
from ledger.states import ExceptionKind, RefundCause
from providers.registry import provider
from rentals.models import Rental

Fields = dict[str, Any]

RELEASED: Final[Fields] = {"held": Decimal(0), "charged": None}
CLOCKS_APART: Final = timedelta(days=1)  # further from ours, a provider's time is a mistake
PREFIX: Final = "rental:"


def reference(rental_id: int) -> str:
    """The ledger's word for a rental."""
    return f"{PREFIX}{rental_id}"


def rental_of(word: str) -> int | None:
    """The rental that a reference of the ledger means; None where it means none."""
    number = word.removeprefix(PREFIX)
    return int(number) if word.startswith(PREFIX) and number.isdecimal() else None


def settled(rental: Rental, quoted: Decimal | None) -> Fields:
    """The provider gave a number: it charged what it quoted, or the price that the member saw."""
    return charged(rental.price if quoted is None else quoted)


def charged(amount: Decimal) -> Fields:
    return {"held": Decimal(0), "charged": amount}


def moment(told: datetime | None, otherwise: datetime) -> datetime:
    """When the provider charged: by its own clock, as its statement will say it, else by ours."""
    plausible = told is not None and abs(told - otherwise) < CLOCKS_APART
    return told if told is not None and plausible else otherwise


def book_hold(rental: Rental, *, now: datetime) -> None:
    holds.hold(_purchase(rental), rental.held, now=now)


def book_charge(rental: Rental, *, occurred_at: datetime, now: datetime) -> None:
    """Book `rental.charged`; what goes beyond the price that was held is told to finance."""
    amount = rental.charged or Decimal(0)
    holds.charge(_purchase(rental), amount, now=now, occurred_at=occurred_at)
    if amount > rental.price:
        charged, quoted = noted(amount, rental.currency), noted(rental.price, rental.currency)
        above = f"{charged} instead of {quoted} was charged."
        notice(rental, ExceptionKind.ABOVE_HOLD, above, now=now)


def book_release(rental: Rental, *, now: datetime) -> None:
    holds.release(_purchase(rental), now=now)


def notice(rental: Rental, kind: ExceptionKind, detail: str, *, now: datetime) -> None:
    """Put something about a rental in front of finance, once; no money goes with it."""
    exceptions.report(
        rental.account,
        Report(
            key=f"{reference(rental.pk)}:{kind}",
            kind=kind,
            reference=reference(rental.pk),
            occurred_at=now,
            detail=detail,
        ),
        now=now,
    )


def claim_cancelled(rental: Rental, *, confirmed: bool, now: datetime) -> None:
    """The provider owes a cancelled rental's money; `confirmed`: it said so by a 200."""
    at_once = provider(rental.account.provider).capabilities.refund_at_once
    asked_at = rental.cancel_sent_at or now
    _claim(
        rental,
        RefundCause.CANCELLED,
        age=_used(rental, asked_at),
        queued=confirmed and not at_once,
        now=asked_at,
    )


def claim_overtaken(rental: Rental, *, now: datetime) -> None:
    """The provider confirmed a cancel that an SMS overtook: what it said it would pay is claimed
    all the same, or nothing would explain the money that comes."""
    claim_cancelled(rental, confirmed=True, now=now)
    notice_sms_after_cancel(rental, now=now)


def notice_sms_after_cancel(rental: Rental, *, now: datetime) -> None:
    """Its refund is promised only where no SMS came: it may fail to come or be taken back."""
    notice(
        rental,
        ExceptionKind.SMS_AFTER_CANCEL,
        "An SMS came after it was cancelled; the provider refunds only where none came.",
        now=now,
    )


def claim_lost(rental: Rental, *, now: datetime) -> None:
    """The provider owes what it charged for a number that it never gave."""
    _claim(rental, RefundCause.LOST, age=None, queued=False, now=now)


def withdraw_claim(rental: Rental) -> None:
    """Its number came after all: what it cost is no longer owed."""
    refunds.withdraw(
        rental.account, reference(rental.pk), reason="Its number came after all: nothing is owed."
    )


def _claim(
    rental: Rental, cause: RefundCause, *, age: float | None, queued: bool, now: datetime
) -> None:
    if rental.charged:
        refunds.claim(
            Claim(
                wallet=rental.account,
                reference=reference(rental.pk),
                external_id=rental.activation_id,
                service=rental.service_name,
                cause=cause,
                charged=rental.charged,
                day=rental.day,
                age=age,
                queued=queued,
            ),
            now=now,
        )


def _used(rental: Rental, at: datetime) -> float | None:
    """The part of its time that a rental had used, 0 to 1."""
    if rental.started_at is None or rental.expires_at is None:
        return None
    whole = (rental.expires_at - rental.started_at).total_seconds()
    return min(1.0, max(0.0, (at - rental.started_at).total_seconds() / whole)) if whole else 1.0


def _purchase(rental: Rental) -> Purchase:
    return Purchase(
        wallet=rental.account,
        reference=reference(rental.pk),
        service=rental.service_name,
        day=rental.day,
        external_id=rental.activation_id,
    )
