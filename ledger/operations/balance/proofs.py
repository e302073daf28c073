"""What a balance proves about the open items is booked, or told to whoever books it.

All of it runs inside the transaction of the snapshot, with its rows locked.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Q

from accounts.models import ProviderAccount
from ledger.amounts import noted
from ledger.book import Entry, post
from ledger.days import team_day
from ledger.models import ReconciliationException, Refund, Snapshot, Transfer
from ledger.operations import findings, refunds
from ledger.operations.balance.drifts import reverse
from ledger.operations.balance.open_items import OpenItem, unexplained
from ledger.operations.balance.remainder import followed_until
from ledger.operations.exceptions import Report, report
from ledger.operations.recharging import recharging
from ledger.renters import Assumed, Doubt
from ledger.states import (
    AWAITED,
    AccountKind,
    Evidence,
    ExceptionKind,
    FindingKind,
    TransferKind,
)

# A charge that is not in the balance so long after the rent was sent was not made.
CHARGED_WITHIN: Final = timedelta(minutes=5)

type Moves = list[tuple[OpenItem, Decimal]]


def lock_refunds(wallet: ProviderAccount, moves: Moves) -> bool:
    """Lock the claims that the moves change, in one order; False where one that is paid by them is
    awaited no more."""
    paid = {each.refund.pk for each, _ in moves if each.refund is not None}
    dearer = [each.price.reference for each, _ in moves if each.price is not None]
    changed = Q(pk__in=paid) | Q(wallet=wallet, reference__in=dearer)
    rows = Refund.objects.select_for_update(of=("self",)).filter(changed).order_by("pk")
    return {row.pk for row in rows if row.state in AWAITED} >= paid


def book(snapshot: Snapshot, moves: Moves, *, now: datetime) -> None:
    """Book each move, whatever it stands for; charges of doubts are found before (find_charged)."""
    for each, amount in moves:
        if each.refund is not None:
            _land(snapshot, each.refund, amount, now)
        elif each.price is not None:
            _correct_price(snapshot, each.price, amount, now)
        elif each.reversal is not None:
            reverse(snapshot, each.reversal, now=now)


def _land(snapshot: Snapshot, refund: Refund, amount: Decimal, now: datetime) -> None:
    refunds.land(
        refund,
        amount,
        key=f"snapshot:{snapshot.pk}:refund:{refund.pk}",
        occurred_at=snapshot.asked_at,
        now=now,
    )


def find_charged(snapshot: Snapshot, moves: Moves, *, now: datetime) -> list[Doubt]:
    """Say which doubts were charged, in the order in which all find."""
    charged = [each.doubt for each, _ in moves if each.doubt is not None]
    for doubt in sorted(charged, key=lambda doubt: doubt.reference):
        _find_charged(snapshot, doubt, now)
    return charged


def _find_charged(snapshot: Snapshot, doubt: Doubt, now: datetime) -> None:
    findings.find(
        wallet=snapshot.wallet,
        reference=doubt.reference,
        kind=FindingKind.CHARGED,
        evidence=Evidence.BALANCE,
        amount=doubt.amount,
        occurred_at=doubt.since,
        now=now,
        note=f"The balance went down by {noted(doubt.amount, snapshot.wallet.currency)}, "
        "and nothing else explains it.",
    )


def release_doubts(
    snapshot: Snapshot,
    doubts: Iterable[Doubt],
    *,
    but_for: Collection[ReconciliationException],
    now: datetime,
) -> None:
    """Say that these rents were not charged, where the balance was read at the time that tells.

    Late enough for a charge to show, and before the rental's time ends, when it could have been
    charged and given back unseen. Not while a change of the balance since then stands before a
    person, `but_for` those that are explained with this: it may hide a charge.
    """
    known = {exception.pk for exception in but_for}
    stand = [each for each in unexplained(snapshot.wallet) if each.pk not in known]
    changes = [followed_until(change) for change in stand]
    for doubt in sorted(doubts, key=lambda doubt: doubt.reference):
        tells = doubt.since + CHARGED_WITHIN <= snapshot.asked_at < doubt.ends
        if tells and all(seen_at < doubt.since for seen_at in changes):
            findings.find(
                wallet=snapshot.wallet,
                reference=doubt.reference,
                kind=FindingKind.NOT_CHARGED,
                evidence=Evidence.BALANCE,
                now=now,
                note="The balance is explained to the cent without a charge for it.",
            )


def _correct_price(snapshot: Snapshot, price: Assumed, amount: Decimal, now: datetime) -> None:
    """The provider took another price than was booked: book the difference, and tell finance."""
    charge = Transfer.objects.get(key=f"{price.reference}:charge")
    took_more = amount < 0
    sides = (AccountKind.SPEND, AccountKind.WALLET)
    debit, credit = sides if took_more else sides[::-1]
    wallet = snapshot.wallet
    with recharging(wallet, price.reference, now=now):
        post(
            Entry(
                key=f"snapshot:{snapshot.pk}:price:{price.reference}",
                wallet_id=wallet.pk,
                debit=debit,
                credit=credit,
                amount=abs(amount),
                kind=TransferKind.CORRECTION,
                reference=price.reference,
                external_id=charge.external_id,
                service=charge.service,
                occurred_at=charge.occurred_at,
                booked_on=team_day(wallet.team, now),
                day=charge.day,
                flagged=True,
            )
        )
    _tell_of_price(snapshot, price, amount, now)


def _tell_of_price(snapshot: Snapshot, price: Assumed, amount: Decimal, now: datetime) -> None:
    took, currency = price.booked - amount, snapshot.wallet.currency
    report(
        snapshot.wallet,
        Report(
            key=f"price:{price.reference}",
            kind=ExceptionKind.AMOUNT_DIFFERS,
            reference=price.reference,
            occurred_at=snapshot.asked_at,
            detail=f"The balance shows {noted(took, currency)} instead of the "
            f"{noted(price.booked, currency)} that the catalogue said.",
        ),
        now=now,
    )
