"""A wallet month by month: what it held, what moved it, and what is still open."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncMonth

from accounts.models import ProviderAccount
from ledger.days import team_day, team_zone
from ledger.models import Book, ClosedMonth, ReconciliationException, Refund, Transfer
from ledger.states import AWAITED, UNRESOLVED, AccountKind, Phase, TransferKind

NOTHING: Final = Decimal(0)

# What moved between which accounts, summed up by day before anything is looked up for it; then each
# sum once for each of its sides: what it adds to that kind of account.
_MOVED: Final = """
    WITH moved AS MATERIALIZED (
        SELECT t.wallet_id, t.booked_on, t.kind, t.debit_id, t.credit_id, sum(t.amount) AS amount
        FROM ledger_transfer t
        WHERE t.phase IN ('posted', 'post') AND ({})
        GROUP BY 1, 2, 3, 4, 5
    )
    SELECT moved.wallet_id, date_trunc('month', moved.booked_on)::date, moved.kind, side.account,
        sum(side.amount)
    FROM moved
    JOIN ledger_account debited ON debited.id = moved.debit_id
    JOIN ledger_account credited ON credited.id = moved.credit_id
    CROSS JOIN LATERAL
        (VALUES (debited.kind, moved.amount), (credited.kind, -moved.amount)) side(account, amount)
    GROUP BY 1, 2, 3, 4
"""
_SINCE: Final = "(t.wallet_id = %s AND t.booked_on >= %s)"


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


def first_months(wallets: Sequence[ProviderAccount]) -> dict[int, date]:
    """The month with which each wallet's book begins; without those that have no book."""
    first = Transfer.objects.filter(wallet=OuterRef("wallet")).order_by("booked_on")
    books = Book.objects.filter(wallet__in=wallets).annotate(
        booked=Subquery(first.values("booked_on")[:1])
    )
    teams = {wallet.pk: wallet.team for wallet in wallets}
    found = {}
    for book in books:
        begun = team_day(teams[book.wallet_id], book.cut_over_at)
        found[book.wallet_id] = min(begun, book.booked or begun).replace(day=1)
    return found


def months(wallet: ProviderAccount, *, now: datetime) -> list[Month]:
    """Each month from the book's first to the present one. Closed ones as they were frozen."""
    return months_of([wallet], now=now)[wallet.pk]


def months_of(wallets: Sequence[ProviderAccount], *, now: datetime) -> dict[int, list[Month]]:
    """The same for wallets of one team, in as many queries however many there are."""
    first = first_months(wallets)
    frozen: dict[int, dict[date, ClosedMonth]] = defaultdict(dict)
    for closed in ClosedMonth.objects.filter(wallet__in=wallets).select_related("closed_by"):
        frozen[closed.wallet_id][closed.month] = closed
    begins = {
        pk: max((following(month) for month in frozen[pk]), default=begun)
        for pk, begun in first.items()
    }
    sums = _sums(begins)
    found: dict[int, list[Month]] = {}
    for wallet in wallets:
        this, pk = team_day(wallet.team, now).replace(day=1), wallet.pk
        shown = _unfolded(first[pk], this, frozen[pk], sums[pk]) if pk in first else ()
        found[pk] = list(shown)
    return found


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


def _sums(begins: Mapping[int, date]) -> dict[int, dict[date, _Sums]]:
    """What moved in each wallet from its day on, by month."""
    found: dict[int, dict[date, _Sums]] = defaultdict(lambda: defaultdict(_Sums))
    if not begins:
        return found
    with connection.cursor() as cursor:
        which = " OR ".join([_SINCE] * len(begins))
        cursor.execute(_MOVED.format(which), [value for pair in begins.items() for value in pair])
        for wallet, at, kind, account, amount in cursor.fetchall():
            sums = found[wallet][at]
            sums.accounts[account] += amount
            if account == AccountKind.WALLET:
                sums.movements[TransferKind(kind)] = amount
    return found


def open_counts(wallets: Sequence[ProviderAccount], zone: tzinfo) -> dict[tuple[int, date], int]:
    """How much is open of each month: exceptions, awaited refunds, rentals in doubt."""
    found: dict[tuple[int, date], int] = defaultdict(int)
    exceptions = ReconciliationException.objects.filter(wallet__in=wallets, state__in=UNRESOLVED)
    awaited = Refund.objects.filter(wallet__in=wallets, state__in=AWAITED, expected_max__gt=0)
    holds = held(Transfer.objects.filter(wallet__in=wallets))
    for rows, at in ((exceptions, "occurred_at"), (awaited, "claimed_at"), (holds, "booked_on")):
        month = TruncMonth(at, tzinfo=zone) if at != "booked_on" else TruncMonth(at)
        counted: QuerySet[Any, Any] = (
            rows.order_by().annotate(month=month).values_list("wallet", "month")
        )
        for wallet, first, count in counted.annotate(count=Count("pk")):
            found[wallet, first.date() if isinstance(first, datetime) else first] += count
    return found


def held(transfers: QuerySet[Transfer]) -> QuerySet[Transfer]:
    """What is set aside, and neither charged nor given back."""
    settled = Transfer.objects.filter(resolves=OuterRef("pk"))
    return transfers.filter(~Exists(settled), phase=Phase.PENDING)


def _exceptions(wallet: ProviderAccount, until: datetime) -> Iterator[OpenItem]:
    rows = ReconciliationException.objects.filter(
        wallet=wallet, state__in=UNRESOLVED, occurred_at__lt=until
    )
    for each in rows.select_related("assigned_to").order_by("opened_at", "pk"):
        person = str(each.assigned_to or "")
        yield OpenItem(
            "exception",
            each.pk,
            each.title,
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
    found = held(Transfer.objects.filter(wallet=wallet, booked_on__lt=following(first)))
    for each in found.order_by("pk"):
        yield OpenItem(
            "hold",
            each.pk,
            str(each.get_phase_display()),
            each.amount,
            each.reference,
            each.booked_at,
        )
