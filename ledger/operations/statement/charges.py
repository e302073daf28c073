"""What was charged for a rental: claimed back, and corrected where its row says another."""

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_noop as _

from accounts.models import ProviderAccount
from ledger.amounts import noted
from ledger.book import Entry, post
from ledger.days import team_day
from ledger.models import Match, Transfer
from ledger.operations import refunds
from ledger.operations.exceptions import Report, report
from ledger.operations.recharging import recharging
from ledger.states import AccountKind, ExceptionKind, RefundCause, TransferKind


def claim_for(wallet: ProviderAccount, bought: Transfer, *, now: datetime) -> int:
    """The claim for a purchase, made where there is none."""
    claim = refunds.claim(
        refunds.Claim(
            wallet=wallet,
            reference=bought.reference,
            cause=RefundCause.EXPIRED,
            charged=bought.amount,
            day=bought.day,
            external_id=bought.external_id,
            service=bought.service,
        ),
        now=now,
    )
    return claim.pk


def correct_difference(
    wallet: ProviderAccount, match: Match, difference: Decimal, *, now: datetime
) -> None:
    """Book what a purchase cost more (or less) than was booked for it, and tell of it."""
    booked, more = match.transfer, difference > 0
    with recharging(wallet, booked.reference, now=now):
        post(
            Entry(
                key=f"match:{match.pk}:differs",
                wallet_id=wallet.pk,
                debit=AccountKind.SPEND if more else AccountKind.WALLET,
                credit=AccountKind.WALLET if more else AccountKind.SPEND,
                amount=abs(difference),
                kind=TransferKind.CORRECTION,
                reference=booked.reference,
                external_id=booked.external_id,
                service=booked.service,
                occurred_at=match.row.occurred_at,
                booked_on=team_day(wallet.team, now),
                day=booked.day,
                reason="The statement says another amount.",
                flagged=True,
            )
        )
    charged, booked_as = match.row.amount, match.row.amount - difference
    words = {
        "charged": noted(charged, wallet.currency),
        "booked": noted(booked_as, wallet.currency),
    }
    report(
        wallet,
        Report(
            key=f"match:{match.pk}:differs",
            kind=ExceptionKind.AMOUNT_DIFFERS,
            reference=booked.reference,
            occurred_at=match.row.occurred_at,
            detail=_("The statement says %(charged)s, and %(booked)s had been booked.") % words,
        ),
        now=now,
    )
