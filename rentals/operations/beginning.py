"""A number was learned: the rental begins, and its charge is booked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from ledger.amounts import noted
from ledger.states import ExceptionKind
from rentals import money
from rentals.causes import Cause
from rentals.models import Rental
from rentals.nudges import nudge
from rentals.operations import inbox
from rentals.operations.transition import move
from rentals.states import UNANSWERED, WITHOUT_NUMBER, RentalState


class ActivationTaken(Exception):
    """Another rental of the account has this activation: nothing was changed."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What the provider charged, None where it didn't say, and when."""

    quoted: Decimal | None
    occurred_at: datetime


def begin(
    rental_id: int,
    learned: Mapping[str, object],
    charge: Charge,
    *,
    cause: Cause,
    now: datetime,
    actor: User | None = None,
    note: str = "",
) -> bool:
    """Move to waiting with what was `learned`, book the charge, apply the webhooks that were
    faster; False where the rental has an activation. Raises ActivationTaken.

    A number is never turned away for being late. One of a lost rental is booked already.
    """
    try:
        with transaction.atomic():
            found = _without_number(rental_id)
            if found is None:
                return False
            late = found.state in WITHOUT_NUMBER
            moved = move(
                rental_id,
                frm={RentalState(found.state)},
                to=RentalState.WAITING,
                cause=Cause.LATE_NUMBER if late else cause,
                now=now,
                actor=actor,
                note=note,
                # Whatever was removed before was no more than the number that was wished for.
                fields={
                    **learned,
                    "control_at": None,
                    "number_purged_at": None,
                    **_money(found, charge),
                },
            )
            assert moved is not None  # noqa: S101 - its row is locked
            _book(moved, RentalState(found.state), charge, now)
            transaction.on_commit(lambda: inbox.apply_early_entries(moved, now=now))
            transaction.on_commit(lambda: nudge("rentals.read_balance", moved.account_id))
    except IntegrityError as error:
        if "one_rental_an_activation" in str(error):
            raise ActivationTaken from error
        raise
    return True


def _without_number(rental_id: int) -> Rental | None:
    return (
        Rental.objects.select_for_update()
        .filter(pk=rental_id, state__in=UNANSWERED | WITHOUT_NUMBER, activation_id="")
        .first()
    )


def _money(found: Rental, charge: Charge) -> dict[str, Any]:
    return {} if found.state == RentalState.LOST else money.settled(found, charge.quoted)


def _book(rental: Rental, was: RentalState, charge: Charge, now: datetime) -> None:
    if was == RentalState.LOST:
        _found_again(rental, charge, now)
        return
    money.book_charge(rental, occurred_at=charge.occurred_at, now=now)
    if was == RentalState.REFUSED:
        charged = noted(rental.charged or Decimal(0), rental.currency)
        money.notice(
            rental,
            ExceptionKind.LATE_NUMBER,
            f"Refused, then charged {charged} for a number.",
            now=now,
        )


def _found_again(rental: Rental, charge: Charge, now: datetime) -> None:
    """What was lost has its number: its charge stands, and nothing is owed for it any more."""
    money.withdraw_claim(rental)
    if charge.quoted is not None and charge.quoted != rental.charged:
        money.notice(
            rental,
            ExceptionKind.AMOUNT_DIFFERS,
            f"{rental.charged} {rental.currency} was booked; its answer names {charge.quoted}.",
            now=now,
        )
