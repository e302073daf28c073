"""A rental's money: held before the provider is asked, then charged or released, once.

All of it runs inside the caller's transaction, with whatever else the outcome changes.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from accounts.models import ProviderAccount
from ledger.book import BookNotOpen, Entry, KeyReused, post
from ledger.book.entries import SMALLEST
from ledger.days import team_day
from ledger.models import Transfer
from ledger.operations.opening import open_late
from ledger.states import AccountKind, Phase, TransferKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is bought: `reference` is the caller's word for it ("rental:42"), `day` the team's day
    on which it was asked for, `service` and `external_id` how a statement may name it.

    `service` is the catalogue's name alone ("eBay"), because statements write that one ("Refund
    for eBay rental #503") and not its code; `external_id` is the activation.
    """

    wallet: ProviderAccount
    reference: str
    service: str
    day: date
    external_id: str = ""


def hold(purchase: Purchase, amount: Decimal, *, now: datetime) -> None:
    """Set `amount` aside. Nothing to hold where it is free."""
    if amount > 0:
        entry = _entry(purchase, "hold", amount, now, phase=Phase.PENDING)
        try:
            post(entry)
        except BookNotOpen:
            open_late(purchase.wallet, now)
            post(entry)


def charge(purchase: Purchase, amount: Decimal, *, now: datetime, occurred_at: datetime) -> bool:
    """Book what the provider charged, out of the hold.

    Beyond the hold, or where the hold was released before, it is booked all the same and flagged;
    returns whether it was. Raises book.KeyReused where another amount was charged before.
    """
    held = _hold_of(purchase)
    if held is None or (held.resolution is not None and held.resolution.phase == Phase.VOID):
        return _charge_without_hold(purchase, amount, now, occurred_at, flagged=held is not None)
    if held.resolution is not None:
        _check_charged(purchase, amount)
    if amount <= 0:
        release(purchase, now=now)
        return False
    inside = min(amount, held.transfer.amount)
    post(
        _entry(
            purchase,
            "charge",
            inside,
            now,
            phase=Phase.POST,
            resolves_id=held.transfer.pk,
            occurred_at=occurred_at,
        )
    )
    if amount > inside:
        post(
            _entry(
                purchase,
                "above",
                amount - inside,
                now,
                kind=TransferKind.ADJUSTMENT,
                occurred_at=occurred_at,
                flagged=True,
            )
        )
    return amount > inside


def release(purchase: Purchase, *, now: datetime) -> None:
    """Give back what was held: nothing was charged. Raises book.AlreadyResolved after a charge."""
    held = _hold_of(purchase)
    if held is not None:
        post(
            _entry(
                purchase,
                "release",
                held.transfer.amount,
                now,
                phase=Phase.VOID,
                resolves_id=held.transfer.pk,
            )
        )


@dataclass(frozen=True, slots=True)
class _Held:
    transfer: Transfer
    resolution: Transfer | None


def _hold_of(purchase: Purchase) -> _Held | None:
    found = Transfer.objects.filter(key=f"{purchase.reference}:hold").first()
    if found is None:
        return None
    return _Held(found, Transfer.objects.filter(resolves=found).first())


def _check_charged(purchase: Purchase, amount: Decimal) -> None:
    """The part inside the hold is the same for any amount above it: what counts is the whole."""
    keys = [f"{purchase.reference}:charge", f"{purchase.reference}:above"]
    booked = sum(Transfer.objects.filter(key__in=keys).values_list("amount", flat=True))
    if booked != amount.quantize(SMALLEST, ROUND_HALF_UP):
        raise KeyReused(f"{purchase.reference} was charged {booked}, and now {amount}")


def _charge_without_hold(
    purchase: Purchase, amount: Decimal, now: datetime, occurred_at: datetime, *, flagged: bool
) -> bool:
    if amount <= 0:
        return False
    entry = _entry(purchase, "charge", amount, now, occurred_at=occurred_at, flagged=flagged)
    try:
        post(entry)
    except BookNotOpen:
        open_late(purchase.wallet, now)
        post(entry)
    return flagged


def _entry(
    purchase: Purchase,
    what: str,
    amount: Decimal,
    now: datetime,
    *,
    kind: TransferKind = TransferKind.PURCHASE,
    phase: Phase = Phase.POSTED,
    resolves_id: int | None = None,
    occurred_at: datetime | None = None,
    flagged: bool = False,
) -> Entry:
    return Entry(
        key=f"{purchase.reference}:{what}",
        wallet_id=purchase.wallet.pk,
        debit=AccountKind.SPEND,
        credit=AccountKind.WALLET,
        amount=amount,
        kind=kind,
        phase=phase,
        resolves_id=resolves_id,
        reference=purchase.reference,
        external_id="" if phase in (Phase.PENDING, Phase.VOID) else purchase.external_id,
        service=purchase.service,
        occurred_at=occurred_at or now,
        booked_on=team_day(purchase.wallet.team, now),
        day=purchase.day,
        flagged=flagged,
    )
