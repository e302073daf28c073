"""A wallet month by month: what it held, what moved it, and what is still open."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncMonth

from accounts.models import ProviderAccount, Team
from accounts.states import Role
from ledger.days import team_day, team_zone
from ledger.models import Book, ClosedMonth, ReconciliationException, Refund, Transfer
from ledger.queries import past
from ledger.states import AWAITED, UNRESOLVED, AccountKind, Phase, TransferKind

NOTHING: Final = Decimal(0)


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


def months(wallet: ProviderAccount, *, now: datetime, anew: bool = False) -> list[Month]:
    """Each month from the book's first to the present one. Closed ones as they were frozen.

    `anew`: the others are added up from their lines, whatever was added up before.
    """
    return months_of([wallet], now=now, anew=anew)[wallet.pk]


def months_of(
    wallets: Sequence[ProviderAccount], *, now: datetime, anew: bool = False
) -> dict[int, list[Month]]:
    """The same for wallets of one team, in as many queries however many there are."""
    first = first_months(wallets)
    frozen: dict[int, dict[date, ClosedMonth]] = defaultdict(dict)
    for closed in ClosedMonth.objects.filter(wallet__in=wallets).select_related("closed_by"):
        frozen[closed.wallet_id][closed.month] = closed
    today = min((team_day(wallet.team, now) for wallet in wallets), default=now.date())
    wanted = [_open_months(pk, begun, frozen[pk]) for pk, begun in first.items()]
    moved = past.moved(wanted, today=today, anew=anew)
    sums = {pk: _by_month(rows) for pk, rows in moved.items()}
    this = today.replace(day=1)
    return {
        wallet.pk: list(_unfolded(first[wallet.pk], this, frozen[wallet.pk], sums[wallet.pk]))
        if wallet.pk in first
        else []
        for wallet in wallets
    }


def _open_months(wallet_id: int, begun: date, frozen: Mapping[date, ClosedMonth]) -> past.Wanted:
    if not frozen:
        return past.Wanted(wallet_id, begun, {})
    last = max(frozen)
    return past.Wanted(wallet_id, following(last), thawed(frozen[last]).accounts)


def _by_month(rows: Iterable[past.Moved]) -> dict[date, _Sums]:
    found: dict[date, _Sums] = defaultdict(_Sums)
    for at, kind, account, amount in rows:
        found[at].accounts[account] += amount
        if account == AccountKind.WALLET:
            found[at].movements[TransferKind(kind)] = amount
    return found


def month(
    wallet: ProviderAccount, first: date, *, now: datetime, anew: bool = False
) -> Month | None:
    """One of them; None for a month before the book or after this one."""
    found = months(wallet, now=now, anew=anew)
    return next((each for each in found if each.first == first), None)


def open_items(wallet: ProviderAccount, first: date) -> list[OpenItem]:
    """What is open at a month's end: of that month and of all before it."""
    until = datetime.combine(following(first), time.min, tzinfo=team_zone(wallet.team))
    return [*_exceptions(wallet, until), *_refunds(wallet, until), *_holds(wallet, first)]


def mark_of(items: Iterable[OpenItem]) -> str:
    """What stands for these items and no others, such as the list that somebody has seen; "" for
    none at all."""
    named = ",".join(sorted(f"{item.what}{item.pk}" for item in items))
    return named and sha256(named.encode()).hexdigest()[:32]


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


def able_to_act(team: Team) -> set[int]:
    """The ids of who can look after something: whoever left finance, or the team, can't."""
    held = team.memberships.filter(roles__contains=[Role.FINANCE], user__is_active=True)
    return set(held.values_list("user_id", flat=True))


def _exceptions(wallet: ProviderAccount, until: datetime) -> Iterator[OpenItem]:
    able = able_to_act(wallet.team)
    rows = ReconciliationException.objects.filter(
        wallet=wallet, state__in=UNRESOLVED, occurred_at__lt=until
    )
    for each in rows.select_related("assigned_to").order_by("opened_at", "pk"):
        person = str(each.assigned_to) if each.assigned_to_id in able else ""
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
