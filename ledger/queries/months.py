"""A wallet month by month: what it held, what moved it, and what is still open."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Min

from accounts.models import ProviderAccount
from ledger.days import team_day, team_zone
from ledger.models import Book, ClosedMonth, ReconciliationException, Refund, Transfer
from ledger.states import AWAITED, UNRESOLVED, AccountKind, Phase, TransferKind

NOTHING: Final = Decimal(0)

# Each transfer once for each of its sides: what it adds to that kind of account.
_MOVED: Final = """
    SELECT date_trunc('month', t.booked_on)::date AS month, t.kind, side.account, sum(side.amount)
    FROM ledger_transfer t
    JOIN ledger_account debited ON debited.id = t.debit_id
    JOIN ledger_account credited ON credited.id = t.credit_id
    CROSS JOIN LATERAL
        (VALUES (debited.kind, t.amount), (credited.kind, -t.amount)) side(account, amount)
    WHERE t.wallet_id = %s AND t.booked_on >= %s AND t.booked_on < %s
        AND t.phase IN ('posted', 'post')
    GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Month:
    """`movements`: by kind of transfer, what it did to the wallet. `accounts`: what each kind of
    account held at its end, debits less credits."""

    first: date
    opening: Decimal
    movements: Mapping[TransferKind, Decimal]
    accounts: Mapping[str, Decimal]
    closed: ClosedMonth | None = None

    @property
    def closing(self) -> Decimal:
        return self.accounts.get(AccountKind.WALLET, NOTHING)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something of a month, or of one before it, that nobody has settled."""

    what: str  # exception, refund, hold
    pk: int
    kind: str
    amount: Decimal
    reference: str
    since: datetime
    person: str = ""


@dataclass(slots=True)
class _Sums:
    movements: dict[TransferKind, Decimal] = field(default_factory=dict)
    accounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def following(first: date) -> date:
    """The first day of the month after."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def first_month(wallet: ProviderAccount) -> date | None:
    """The month with which the wallet's book begins; None where it has no book."""
    book = Book.objects.filter(wallet=wallet).first()
    if book is None:
        return None
    begun = team_day(wallet.team, book.cut_over_at)
    booked = Transfer.objects.filter(wallet=wallet).aggregate(first=Min("booked_on"))["first"]
    return min(begun, booked or begun).replace(day=1)


def months(wallet: ProviderAccount, *, now: datetime) -> list[Month]:
    """Each month from the book's first to the present one. Closed ones as they were frozen."""
    first = first_month(wallet)
    if first is None:
        return []
    frozen = {
        c.month: c for c in ClosedMonth.objects.filter(wallet=wallet).select_related("closed_by")
    }
    this = team_day(wallet.team, now).replace(day=1)
    begin = max((following(month) for month in frozen), default=first)
    sums = _sums(wallet.pk, begin, following(this))
    return list(_unfolded(first, this, frozen, sums))


def month(wallet: ProviderAccount, first: date, *, now: datetime) -> Month | None:
    """One of them; None for a month before the book or after this one."""
    return next((each for each in months(wallet, now=now) if each.first == first), None)


def open_items(wallet: ProviderAccount, first: date) -> list[OpenItem]:
    """What is open at a month's end: of that month and of all before it."""
    until = datetime.combine(following(first), time.min, tzinfo=team_zone(wallet.team))
    return [*_exceptions(wallet, until), *_refunds(wallet, until), *_holds(wallet, first)]


def _unfolded(
    first: date, last: date, frozen: Mapping[date, ClosedMonth], sums: Mapping[date, _Sums]
) -> Iterator[Month]:
    held: dict[str, Decimal] = {}
    at = first
    while at <= last:
        opening = held.get(AccountKind.WALLET, NOTHING)
        if at in frozen:
            shown = thawed(frozen[at])
        else:
            moved = sums.get(at, _Sums())
            kinds = held.keys() | moved.accounts.keys()
            after = {k: held.get(k, NOTHING) + moved.accounts.get(k, NOTHING) for k in kinds}
            shown = Month(at, opening, moved.movements, after)
        yield shown
        held, at = dict(shown.accounts), following(at)


def thawed(closed: ClosedMonth) -> Month:
    """A closed month, out of what was written down when it was closed."""
    totals = closed.totals
    return Month(
        closed.month,
        Decimal(totals["opening"]),
        {TransferKind(kind): Decimal(amount) for kind, amount in totals["movements"].items()},
        {kind: Decimal(amount) for kind, amount in totals["accounts"].items()},
        closed,
    )


def _sums(wallet_id: int, since: date, until: date) -> dict[date, _Sums]:
    found: dict[date, _Sums] = defaultdict(_Sums)
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [wallet_id, since, until])
        for at, kind, account, amount in cursor.fetchall():
            found[at].accounts[account] += amount
            if account == AccountKind.WALLET:
                found[at].movements[TransferKind(kind)] = amount
    return found


def _exceptions(wallet: ProviderAccount, until: datetime) -> Iterator[OpenItem]:
    rows = ReconciliationException.objects.filter(
        wallet=wallet, state__in=UNRESOLVED, occurred_at__lt=until
    )
    for each in rows.select_related("assigned_to").order_by("opened_at", "pk"):
        person = str(each.assigned_to or "")
        yield OpenItem(
            "exception",
            each.pk,
            str(each.get_kind_display()),
            each.amount,
            each.reference,
            each.opened_at,
            person,
        )


def _refunds(wallet: ProviderAccount, until: datetime) -> Iterator[OpenItem]:
    awaited = Refund.objects.filter(
        wallet=wallet, state__in=AWAITED, expected_max__gt=0, claimed_at__lt=until
    )
    for each in awaited.order_by("due_at", "pk"):
        missing = each.expected_max - each.received
        yield OpenItem(
            "refund",
            each.pk,
            str(each.get_state_display()),
            missing,
            each.reference,
            each.claimed_at,
        )


def _holds(wallet: ProviderAccount, first: date) -> Iterator[OpenItem]:
    held = Transfer.objects.filter(
        wallet=wallet,
        phase=Phase.PENDING,
        resolution__isnull=True,
        booked_on__lt=following(first),
    )
    for each in held.order_by("pk"):
        yield OpenItem(
            "hold",
            each.pk,
            str(each.get_phase_display()),
            each.amount,
            each.reference,
            each.booked_at,
        )
